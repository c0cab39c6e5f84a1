/// How many damaged records this process has met since it started: each one
/// has its line in the log. Shown by the broker's runtime information.
#pragma once

#include <atomic>
#include <cstdint>

namespace troupe::storage {

inline std::atomic<std::int64_t> damaged_records{0};

} // namespace troupe::storage
