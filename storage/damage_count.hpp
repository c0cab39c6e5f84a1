/// What this process has met since it started, each with its line in the log,
/// and how much was looked at by itself. Shown by the broker's runtime
/// information.
#pragma once

#include <atomic>
#include <cstdint>

namespace troupe::storage {

inline std::atomic<std::int64_t> damaged_records{0};

/// Rows of consume queues that led astray and were written again.
inline std::atomic<std::int64_t> mended_rows{0};

/// Bytes of the log, see scrub.hpp.
inline std::atomic<std::int64_t> scrubbed_bytes{0};

} // namespace troupe::storage
