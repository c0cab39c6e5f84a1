/// The consume queues of a data directory, read as they lie there.
#pragma once

#include "storage/consume_queue.hpp"

#include <caf/expected.hpp>

#include <string>
#include <vector>

namespace troupe::app {

struct queue_range_row {
  std::string topic;
  std::int32_t queue = 0;
  std::int64_t min = 0;
  std::int64_t max = 0;
};

/// One queue, opened without changing its files.
/// @errors corrupt_file, io_failed
caf::expected<storage::consume_queue> open_queue(const std::string& data,
                                                 const std::string& topic,
                                                 std::int32_t queue);

/// All queues (of `topic`, unless it is empty), by name and number.
/// @errors corrupt_file, io_failed
caf::expected<std::vector<queue_range_row>>
queue_ranges(const std::string& data, const std::string& topic);

} // namespace troupe::app
