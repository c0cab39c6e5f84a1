/// Finds a message that its consume queue has lost, by reading the log.
#pragma once

#include "storage/commit_log.hpp"

#include <optional>
#include <string_view>

namespace troupe::storage {

/// The place of the message of (topic, queue, offset) in [from, to) of the log,
/// of which at most limits::write_buffer_bytes_max are read. Waits for the
/// disk.
/// @param from  where a record begins or a segment does
std::optional<log_offset> find_message(const log_reader& log, log_offset from,
                                       log_offset to, std::string_view topic,
                                       queue_id queue, queue_offset offset);

} // namespace troupe::storage
