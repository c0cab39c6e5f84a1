/// Compares the log with the rows of its consume queues, a piece at a time.
/// A row is twenty bytes without a checksum: one that leads to its message is
/// checked when it is read, one that a tag passes over never is.
#pragma once

#include "storage/consume_queue.hpp"
#include "storage/log_scan.hpp"
#include "storage/segment.hpp"

#include "troupe/model/queue_key.hpp"

#include <map>
#include <string>
#include <vector>

namespace troupe::storage {

/// A segment that the log has now.
struct known_segment {
  log_offset end;
  std::int64_t bytes = 0;
};

/// A row that says something else than the message at its place.
struct wrong_row {
  queue_offset at;
  consume_row found;
  consume_row wanted;
};

/// What one piece of the log has shown.
struct scrubbed_piece {
  log_offset next; ///< the next piece begins here
  std::int64_t records = 0;
  std::vector<log_damage> damages;
  std::map<queue_key, std::vector<wrong_row>> wrong; ///< by queue offset
  std::vector<std::string> unread;                   ///< files of rows, and why
};

class scrub {
public:
  /// @param file_rows  of a consume queue's file
  scrub(std::string data_directory, std::int64_t file_rows)
    : directory_(std::move(data_directory)),
      file_rows_(file_rows) {}

  /// The log's segments as they are now, ascending.
  void follow(std::vector<known_segment> segments);

  /// Looks at the records from `from` on, where one begins or a segment does,
  /// about `bytes` of them and none at or past `end`: rows of records before
  /// it are in their files. Changes nothing; takes no memory from the page
  /// cache for long. Blocks.
  /// @errors io_failed, corrupt_file: a segment cannot be opened
  caf::expected<scrubbed_piece> look(log_offset from, log_offset end,
                                     std::int64_t bytes);

private:
  struct placed_row {
    queue_offset at;
    consume_row row;
  };

  using rows_by_queue = std::map<queue_key, std::vector<placed_row>>;

  caf::expected<segment_ptr> segment_at(log_offset position);
  caf::error gather(log_offset from, log_offset end, std::int64_t bytes,
                    rows_by_queue& rows, scrubbed_piece& result);
  caf::error compare(const queue_key& key, const std::vector<placed_row>& rows,
                     scrubbed_piece& result);
  bool is_wrong(const queue_key& key, const placed_row& wanted,
                const consume_row& found);

  std::string directory_;
  std::int64_t file_rows_;
  std::vector<known_segment> segments_;
  std::map<log_offset, segment_ptr> open_; // by end; few
};

} // namespace troupe::storage
