/// What the process has of the machine's memory, as the system and malloc count
/// it. For people: malloc is held up while it counts.
#pragma once

#include <cstdint>

namespace troupe {

/// In bytes; -1 where it cannot be told.
struct heap_report {
  std::int64_t private_bytes = -1; ///< in memory, and of no file
  std::int64_t in_use = -1;        ///< asked of malloc and not given back
  std::int64_t free = -1;          ///< given back, kept by malloc
};

heap_report measure_heap();

} // namespace troupe
