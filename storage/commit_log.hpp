/// The commit log: segments of records, appended with one write per round.
/// Owned by one actor; readers on other threads get a log_reader.
/// Source: RocketMQ 5.3 CommitLog; sheet storage 2, 3, 18.
#pragma once

#include "storage/record.hpp"
#include "storage/segment.hpp"

#include "troupe/limits.hpp"
#include "troupe/payload.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::storage {

/// The segments of one moment, for reading. Cheap to copy, any thread.
class log_reader {
public:
  log_reader() = default;

  log_reader(std::vector<segment_ptr> segments, log_offset end)
    : segments_(std::move(segments)),
      end_(end) {}

  log_offset min() const {
    return segments_.empty() ? end_ : segments_.front()->start();
  }

  log_offset end() const { return end_; }

  /// The segment that holds `position`; null when none does.
  segment_ptr find(log_offset position) const;

  /// The whole record at `position`, checked. May wait for the disk.
  /// @errors message_not_found, corrupt_record
  caf::expected<borrowed_bytes> read_record(log_offset position) const;

private:
  std::vector<segment_ptr> segments_; // ascending, without gaps
  log_offset end_;
};

struct commit_log_options {
  std::string directory; ///< <data>/commitlog
  std::int64_t segment_bytes = limits::segment_bytes;
};

/// What opening found.
struct recovered_log {
  std::int64_t records = 0;       ///< verified
  std::int64_t bytes = 0;         ///< verified
  std::int64_t damaged_bytes = 0; ///< skipped: valid records follow them
  std::int64_t cut_bytes = 0;     ///< of a record that was never finished
};

class commit_log {
public:
  /// Called for every record from the trusted place on, in order.
  using visitor = std::function<void(const record_view&)>;

  /// Opens the log and verifies it from `trusted`, a place where a record ends;
  /// an unfinished record at the end is cut off.
  /// @errors io_failed, corrupt_file, disk_full
  static caf::expected<std::unique_ptr<commit_log>>
  open(commit_log_options options, log_offset trusted, const visitor& visit,
       recovered_log& found);

  // -- writing ----------------------------------------------------------------

  /// Makes sure that the next records of `bytes` in all land in one segment.
  /// @errors disk_full, io_failed: the next segment cannot be made
  caf::error reserve(std::size_t bytes);

  /// Encodes a record behind the last one. reserve() has been called for it.
  /// @param size  record_size(draft)
  /// @returns its position
  log_offset append(const record_draft& draft, std::size_t size);

  /// Writes everything appended since the last time: one call per segment.
  /// @errors disk_full, log_write_failed; then call discard_unwritten
  caf::error write();

  /// Takes back everything that is not written.
  void discard_unwritten();

  /// Makes everything from `position` on durable. Blocks.
  /// @errors log_sync_failed
  caf::error sync_from(log_offset position) const;

  /// Gives up what was written from `from` on, which no sync has made durable:
  /// blanks close the segments that it lies in, records go on in the next one,
  /// so that no place of the log is used twice. May be called again when it, or
  /// the sync after it, failed.
  /// @errors disk_full, log_write_failed, io_failed
  caf::error abandon(log_offset from);

  /// The files written to since the last call: what a sync must cover.
  std::vector<file_ptr> take_unsynced();

  /// Whether the next segment should be made ahead of its use: the current one
  /// is half full and nobody has asked yet.
  bool wants_next() const;

  /// Where the next segment begins.
  log_offset next_start() const { return tail().end(); }

  /// A segment that was made elsewhere; taken when it is the next one.
  void adopt_next(segment_ptr made);

  const commit_log_options& options() const { return options_; }

  // -- reading ----------------------------------------------------------------

  /// First byte that is still there; end of what is written.
  log_offset min() const { return segments_.front()->start(); }

  log_offset written() const { return written_; }

  /// End of what is appended, written or not.
  log_offset end() const { return end_; }

  std::size_t unwritten_bytes() const { return pending_bytes_; }

  /// `size` bytes of written records at `position`; none when they are not
  /// (or no longer) there.
  std::optional<borrowed_bytes> read(log_offset position,
                                     std::uint32_t size) const;

  /// Has the processor fetch the head of a record that is read in a moment.
  void prefetch(log_offset position, std::uint32_t size) const;

  /// Whether reading there waits for no disk.
  bool is_resident(log_offset position, std::int64_t bytes) const;

  /// How far from `position` on reading waits for no disk: at least as far as
  /// a look at few pages tells, at most to `upto`.
  log_offset resident_until(log_offset position, log_offset upto) const;

  /// For readers on other threads.
  log_reader reader() const;

  /// Ascending, the one in use last. One that was made ahead is not among them.
  std::vector<segment_ptr> segments() const {
    return {segments_.begin(),
            segments_.begin() + static_cast<std::ptrdiff_t>(tail_) + 1};
  }

  /// Forgets whole segments that end at or before `position`, never the last.
  /// @returns their paths, to be removed by somebody who may block
  std::vector<std::string> drop_before(log_offset position);

private:
  // Bytes of `pending_` that go to one segment with one call.
  struct run {
    segment_ptr target;
    log_offset position;
    std::size_t begin = 0;
    std::size_t size = 0;
  };

  explicit commit_log(commit_log_options options);

  caf::error load();
  caf::error mend_last(const std::vector<std::string>& names);
  caf::error recover(log_offset trusted, const visitor& visit,
                     recovered_log& found);
  caf::error cut(log_offset end, recovered_log& found);
  caf::error make_next();
  caf::error roll();
  char* grow(std::size_t bytes);
  caf::error write_run(const run& next);
  caf::error blank_behind(const segment& first);
  static caf::error write_zeros(const segment& target, log_offset from,
                                log_offset to);

  const segment& tail() const { return *segments_[tail_]; }

  std::size_t index_of(log_offset position) const;

  commit_log_options options_;
  std::deque<segment_ptr> segments_; // ascending, without gaps, never empty
  std::size_t tail_ = 0;             // the one that is appended to
  segment_ptr prepared_;             // the next one, made ahead
  log_offset written_;               // <= end_
  log_offset end_;
  log_offset from_disk_end_; // end of what was there when it was opened
  // What a failed write may have left: start of the segment -> end of it.
  std::map<log_offset, log_offset> dirty_;
  std::unique_ptr<char[]> pending_;
  std::size_t pending_bytes_ = 0;
  std::size_t pending_capacity_ = 0;
  std::vector<run> runs_;
  std::vector<segment_ptr> unsynced_;
};

} // namespace troupe::storage
