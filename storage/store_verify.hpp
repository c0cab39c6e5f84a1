/// Reads everything in a data directory and says what does not hold. Changes
/// nothing; a directory may be in use meanwhile.
#pragma once

#include "storage/log_scan.hpp"

#include <string>
#include <vector>

namespace troupe::storage {

/// One thing that does not hold.
struct finding {
  std::string kind; ///< record, segment, row, index, checkpoint or state
  std::string file;
  std::int64_t place = 0; ///< log offset, row or block; else 0
  std::int64_t bytes = 0; ///< that are damaged, where it is known
  std::string what;       ///< for a person
  bool derived = false;   ///< can be made again from the log
};

/// A message that is lost with damaged bytes of the log.
struct lost_message {
  std::string topic;
  std::int32_t queue = 0;
  std::int64_t offset = 0;
  log_offset position;
};

struct verified_store {
  scanned_log log;
  std::int64_t queues = 0;
  std::int64_t rows = 0; ///< compared with their records
  std::int64_t index_runs = 0;
  std::int64_t index_entries = 0;
  std::int64_t state_rows = 0;
  log_offset checkpoint_end;
  std::int64_t findings_count = 0;
  std::vector<finding> findings; ///< the first findings_max
  std::int64_t lost_count = 0;
  std::vector<lost_message> lost; ///< the first findings_max
  std::vector<std::string> notes; ///< no damage, but worth knowing

  bool is_sound() const { return findings_count == 0; }
};

inline constexpr std::size_t findings_max = 1000;

/// @errors corrupt_file, io_failed: there is no store to be read
caf::expected<verified_store> verify_store(const std::string& data_directory,
                                           const scan_progress& progress);

} // namespace troupe::storage
