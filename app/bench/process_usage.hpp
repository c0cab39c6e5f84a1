/// What a process on this machine has used so far, from /proc.
#pragma once

#include <cstdint>
#include <optional>

namespace troupe::app {

struct process_usage {
  double cpu_seconds = 0;
  std::int64_t context_switches = 0; ///< of all threads, of both kinds
  std::int64_t peak_rss_bytes = 0;
  std::int64_t private_bytes = 0; ///< now, what is not pages of a file
};

/// None when there is no such process.
std::optional<process_usage> usage_of(int pid);

} // namespace troupe::app
