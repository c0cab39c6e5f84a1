/// How far the derived files reach: start-up verifies and replays the log from
/// here only. Two slots are written in turn, so that one is always whole.
#pragma once

#include "troupe/errc.hpp"
#include "troupe/units.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::storage {

struct checkpoint {
  /// Rows and index entries of all records before it are durable.
  log_offset derived_end;
  std::uint64_t generation = 0; ///< grows with every write
  bool clean = false; ///< the node ended in order: nothing follows derived_end
  std::int64_t queue_file_rows = 0; ///< of consume queue files; 0: unknown
};

/// The newest valid slot; a default one when there is no file yet or both are
/// damaged, which only costs time: everything is derived again.
checkpoint read_checkpoint(const std::string& data_directory);

/// What is wrong with the slots; a slot that was never written is fine.
std::vector<std::string> damaged_slots(const std::string& data_directory);

/// Writes the slot that is not the newest, durably. Blocks.
/// @errors disk_full, log_write_failed, log_sync_failed, io_failed
caf::error write_checkpoint(const std::string& data_directory,
                            const checkpoint& value);

} // namespace troupe::storage
