/// One queue of one topic: gives out queue offsets, keeps the consume queue,
/// answers pulls, parks those that find nothing.
/// Spawned by topic. Sends to commit_log, cold_reader, gateway. Never blocks.
#pragma once

#include "troupe/actor/commit_log.hpp"
#include "troupe/limits.hpp"
#include "troupe/model/subscription.hpp"

namespace troupe {

/// One pull.
struct pull_row {
  caller from;
  queue_offset offset; ///< first one wanted
  std::int32_t messages_max = 32;
  std::int32_t bytes_max = limits::pull_bytes_default;
  epoch_ms park_until;     ///< 0: answer at once
  subscription_ptr filter; ///< null: everything
};

/// Why a pull ended as it did. Source: RocketMQ 5.3 GetMessageStatus.
enum class pull_status : std::uint8_t {
  found,
  no_matched_message, ///< all scanned rows were filtered out
  no_matched_logic_queue,
  no_message_in_queue, ///< nothing was ever stored
  offset_too_small,
  offset_overflow_one, ///< the end: nothing new
  offset_overflow_badly,
  busy,   ///< a bound is reached, see limits.hpp
  failed, ///< what was asked for cannot be read; pull_done::why says more
};

/// Whether a pull ended without having looked: the same place is asked for
/// again, later.
constexpr bool is_refusal(pull_status x) {
  return x == pull_status::busy || x == pull_status::failed;
}

/// The answer to one pull_row.
struct pull_outcome {
  caller from;
  pull_status status = pull_status::offset_overflow_one;
  queue_offset asked; ///< pull_row::offset
  queue_offset next;  ///< where to go on
  queue_offset min;
  queue_offset max;
  std::uint32_t first_run = 0; ///< index into pull_done::runs
  std::uint32_t runs = 0;
  std::uint32_t bytes = 0; ///< of all its runs
  std::int32_t messages = 0;
};

/// Answers to pulls of one asker. A run is one or more whole records in a row.
struct pull_done {
  std::vector<pull_outcome> rows;
  std::vector<borrowed_bytes> runs;
  std::string why; ///< of the last row that failed
};

/// Whoever pulls: gateway, scheduler.
using pull_asker = caf::typed_actor<caf::reacts_to<pull_done>>;

struct pull_batch {
  std::vector<pull_row> rows;
  pull_asker reply_to;
};

/// First and next queue offset.
struct query_range {};

struct queue_range {
  queue_offset min;
  queue_offset max;
};

/// Which message a time means.
enum class time_boundary : std::uint8_t {
  lower, ///< the first one stored at or after it
  upper, ///< the last one stored at or before it
};

struct find_offset {
  epoch_ms time;
  time_boundary boundary = time_boundary::lower;
};

struct offset_found {
  queue_offset offset;
};

/// Store time of one message.
struct query_store_time {
  queue_offset offset;
};

struct store_time_found {
  epoch_ms time; ///< -1 when there is no such message
};

/// Rows of the consume queue, for people.
struct read_rows {
  queue_offset first;
  std::int32_t count_max = 1; ///< at most limits::queue_rows_shown_max
};

/// State of a queue, for people and statistics.
struct describe_queue {};

struct queue_report {
  queue_id queue;
  queue_offset min;
  queue_offset max;
  epoch_ms last_store_time;  ///< 0 when nothing was stored since start
  std::size_t parked = 0;    ///< pulls that wait for messages
  std::int64_t appended = 0; ///< messages since start
  std::int64_t pulled = 0;   ///< messages since start
  double per_second = 0;     ///< messages that arrive
};

/// Wakes parked pulls whose time is over. The queue's own timer.
struct sweep_tick {};

/// Writes buffered rows; answers with the files that need a sync.
struct write_rows {};

/// The log begins at `min` now: older rows are gone.
struct trim_queue {
  log_offset min;
};

/// What a row of the consume queue says.
struct row_content {
  log_offset position;
  std::int32_t size = 0;
  std::int64_t tags_code = 0;
};

/// Answers read_rows; none when `first` lies outside the range.
struct rows_read {
  queue_range range;
  std::vector<row_content> rows;
};

/// A row of the files that says something else than the log does.
struct row_mend {
  queue_offset at;
  row_content found;
  row_content wanted;
};

/// Writes rows as the log has them, as far as they are still as they were
/// found.
struct mend_rows {
  std::vector<row_mend> rows;
};

/// Deletes the consume queue and ends the actor.
struct remove_queue {};

using queue_actor = caf::typed_actor<
  // Passed on to commit_log, which answers. Errors: as there.
  caf::reacts_to<append_batch>, caf::reacts_to<appended>,
  caf::reacts_to<append_failed>,
  // Answered to reply_to by pull_done, at once or when messages arrive.
  caf::reacts_to<pull_batch>, caf::replies_to<query_range>::with<queue_range>,
  // Errors: log_read_failed.
  caf::replies_to<find_offset>::with<offset_found>,
  caf::replies_to<query_store_time>::with<store_time_found>,
  caf::replies_to<read_rows>::with<rows_read>,
  caf::replies_to<describe_queue>::with<queue_report>,
  caf::reacts_to<sweep_tick>, caf::replies_to<write_rows>::with<rows_written>,
  caf::reacts_to<trim_queue>, caf::reacts_to<mend_rows>,
  caf::reacts_to<remove_queue>>;

} // namespace troupe
