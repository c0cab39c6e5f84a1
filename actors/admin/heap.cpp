#include "admin/heap.hpp"

#include <fstream>

#include <malloc.h>
#include <unistd.h>

namespace troupe {

heap_report measure_heap() {
  heap_report result;
  std::ifstream statm{"/proc/self/statm"};
  std::int64_t size = 0;
  std::int64_t resident = 0;
  std::int64_t shared = 0;
  if (statm >> size >> resident >> shared)
    result.private_bytes =
      (resident - shared) * static_cast<std::int64_t>(::sysconf(_SC_PAGESIZE));
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  auto all = ::mallinfo2();
  result.in_use = static_cast<std::int64_t>(all.uordblks + all.hblkhd);
  result.free = static_cast<std::int64_t>(all.fordblks);
#endif
  return result;
}

} // namespace troupe
