/// Makes the rows of one queue again from the log, while a node runs.
#pragma once

#include "storage/consume_queue.hpp"

#include "troupe/model/delay_levels.hpp"

#include <string>

namespace troupe::storage {

struct derived_queue {
  std::string data_directory;
  std::string topic;
  queue_id queue;
  std::int64_t file_rows = limits::consume_queue_file_rows;
  delay_levels delays;
};

/// Reads the whole log; the old files stay until the new ones are durable. No
/// message may be added to the queue meanwhile. Blocks.
/// @returns how many rows there are; 0: the log has no message of the queue any
///          more, and nothing was changed
/// @errors corrupt_file, io_failed, disk_full, log_write_failed
caf::expected<std::int64_t> derive_queue(const derived_queue& what);

} // namespace troupe::storage
