/// The consume queue of one topic queue: queue offset -> place in the log.
/// Derived from the log. New rows stay in memory until there are enough for one
/// write; rows are addressed by their offset, so writing them again is
/// harmless. Source: RocketMQ 5.3 ConsumeQueue; sheet storage 7.
#pragma once

#include "storage/derived_backlog.hpp"
#include "storage/file.hpp"
#include "storage/open_files.hpp"

#include "troupe/limits.hpp"
#include "troupe/units.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe::storage {

/// One message. 8 log offset + 4 size + 8 tags code = 20 bytes.
struct consume_row {
  log_offset position;
  std::int32_t size = 0; ///< of the record; 0: unused, -1: damaged, skipped
  std::int64_t tags_code = 0;

  bool operator==(const consume_row&) const = default;
};

inline constexpr std::int64_t consume_row_bytes = 20;

/// The row whose bytes begin at `at`.
consume_row decode_row(const char* at);

/// Size of a row whose message the log could not give back. Its position is
/// that of the next message, so that positions still grow with offsets.
inline constexpr std::int32_t damaged_row_size = -1;

/// Size by which RocketMQ marks the unused start of a queue's first file.
inline constexpr std::int32_t unused_start_size = 0x7FFFFFFF;

struct consume_queue_options {
  std::string directory; ///< <data>/consumequeue/<topic>/<queue id>
  std::int64_t file_rows = limits::consume_queue_file_rows;
  /// read_only: for looking at a queue; no file is changed or removed.
  open_mode mode = open_mode::read_write;
};

class consume_queue {
public:
  /// An empty queue without files.
  consume_queue() = default;

  /// Finds the queue's range without reading its rows. Rows for records at or
  /// past `log_end` were written before a crash lost the records: they go.
  /// @errors io_failed, corrupt_file
  static caf::expected<consume_queue>
  open(consume_queue_options options, log_offset log_min, log_offset log_end);

  /// Whether the last file has been cut off since it was written, or is
  /// missing: files grow in steps, whatever they hold, and none that is full is
  /// the last.
  /// @errors corrupt_file: it has; io_failed
  static caf::error check_whole(const consume_queue_options& options);

  /// First offset that can be read.
  queue_offset min() const { return min_; }

  /// Offset of the next message.
  queue_offset end() const {
    return first_in_memory_ + static_cast<std::int64_t>(memory_.size());
  }

  /// Appends the row of offset end(). It may be written later.
  /// @errors disk_full, log_write_failed: it stays in memory and is tried again
  caf::error append(const consume_row& row);

  /// Puts the row of any offset, as recovery finds them in the log. Offsets
  /// between end() and `at` become damaged rows; a queue without files begins
  /// with `at`.
  /// @errors disk_full, log_write_failed
  caf::error put(queue_offset at, const consume_row& row);

  /// How a read ended.
  enum class read_state : std::uint8_t {
    done,
    would_block
  };

  /// Reads up to `count` rows from `first` (within [min, end)) without waiting
  /// for the disk.
  caf::expected<read_state> read(queue_offset first, std::size_t count,
                                 std::vector<consume_row>& rows);

  /// The same, waiting.
  /// @errors log_read_failed
  caf::error read_blocking(queue_offset first, std::size_t count,
                           std::vector<consume_row>& rows);

  /// The file and place of a row that is not in memory, for somebody who may
  /// wait for it. Null when it is in memory.
  caf::expected<file_ptr> file_of(queue_offset offset);
  std::int64_t place_of(queue_offset offset) const;

  /// Writes what is in memory only. Rows stay readable from memory until their
  /// place is needed.
  /// @errors disk_full, log_write_failed
  caf::error write_rows();

  /// Files written to since the last call. When too many files are open it
  /// closes its own; they are opened again when they are needed.
  unsynced_files take_unsynced();

  /// Rows of records before `log_min` are gone. Reads rows and removes files.
  /// @errors log_read_failed, io_failed
  caf::error trim(log_offset log_min);

  /// Another reader of the same files has trimmed them: `min` is the first row.
  void follow_trim(queue_offset min);

  /// Closes files that an idle queue does not need.
  void release();

private:
  caf::error begin_at(queue_offset at);

  explicit consume_queue(consume_queue_options options)
    : options_(std::move(options)) {}

  caf::expected<queue_offset> find_end(log_offset log_end);
  std::int64_t first_kept_file() const;
  caf::expected<consume_row> row_at(queue_offset offset);
  caf::expected<bool> is_gone(queue_offset offset, log_offset log_min);
  caf::expected<queue_offset> find_kept(queue_offset low, queue_offset high,
                                        log_offset log_min);
  caf::expected<file_ptr> open_file(std::int64_t index, open_mode mode);
  caf::error write_run(queue_offset first, const char* bytes,
                       std::size_t count);
  void drop_written();
  caf::error grow(const file& target, std::int64_t index, std::int64_t bytes);
  caf::error make_next(std::int64_t index);

  std::int64_t file_index(queue_offset offset) const {
    return offset.value / options_.file_rows;
  }

  consume_queue_options options_;
  std::map<std::int64_t, file_ptr> files_; // open ones by index
  std::int64_t first_index_ = 0;           // first file that exists
  bool has_directory_ = false;
  queue_offset min_;
  queue_offset first_in_memory_; // row of memory_[0]
  std::vector<consume_row> memory_;
  std::size_t written_ = 0;  // of memory_, already in the file
  std::size_t retry_at_ = 0; // writing failed: rows in memory for another try
  std::int64_t grown_index_ = -1; // the file that was written to last
  std::int64_t grown_bytes_ = 0;  // its size
  backlog_share backlog_;
  unsynced_files unsynced_;
};

} // namespace troupe::storage
