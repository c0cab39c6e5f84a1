/// How fast the log is read again to find what a disk has damaged.
#pragma once

#include "troupe/limits.hpp"

#include <chrono>
#include <cstdint>

namespace troupe {

struct scrub_pace {
  std::int64_t bytes_per_second = limits::scrub_bytes_per_second; ///< 0: never
  std::chrono::milliseconds wait = limits::scrub_wait;   ///< after the start
  std::chrono::milliseconds pause = limits::scrub_pause; ///< behind the end
};

} // namespace troupe
