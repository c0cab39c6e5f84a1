/// What malloc keeps of memory that was freed: a node that was busy with many
/// queues would hold it for ever.
#pragma once

#include <cstddef>

#include <malloc.h>

namespace troupe {

/// Gives it back to the kernel where it is much: at least 8 MiB, and a third of
/// what malloc has. Takes milliseconds, for whoever allocates meanwhile too.
inline void give_back_spare_memory() {
  constexpr std::size_t spare_bytes_min = 8u << 20;
  auto now = ::mallinfo2();
  if (now.fordblks >= spare_bytes_min && now.fordblks >= now.arena / 3)
    ::malloc_trim(0);
}

} // namespace troupe
