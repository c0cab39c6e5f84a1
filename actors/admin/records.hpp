/// Messages of the log as rows.
#pragma once

#include "admin/admin_context.hpp"

#include "troupe/model/table.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::storage {
struct record_view;
} // namespace troupe::storage

namespace troupe {

/// The columns of message_row, in order: topic, queue, offset, id, key, tag,
/// stored, retries, body, properties.
std::vector<std::string> message_columns();

/// A whole record as a row. A body that is compressed with zlib is inflated.
/// @errors corrupt_record
caf::expected<table_row> message_row(std::string_view record);

/// The body as its producer wrote it.
/// @errors not_supported (lz4, zstd), malformed_request
caf::expected<std::string> plain_body(const storage::record_view& record);

/// What to read of a queue.
struct read_wish {
  std::string topic;
  queue_id queue;
  queue_offset from;
  std::size_t count = 10;
  epoch_ms until; ///< wait for messages as long; 0: do not wait
  subscription_ptr filter;
};

/// What was read.
struct records_read {
  std::vector<std::string> records; ///< whole ones, in order
  queue_offset next;                ///< where to go on
  queue_offset min;
  queue_offset max;
};

/// Pulls from one queue until there is enough or nothing left.
/// @errors topic_not_found, queue_not_found, log_read_failed, busy
caf::expected<records_read> read_queue(admin_context& context,
                                       const read_wish& wish);

} // namespace troupe
