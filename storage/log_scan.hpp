/// Reads a commit log as it lies on disk, record by record, and says what of it
/// does not hold. Used by recovery, which repairs, and by `troupe store`, which
/// only looks.
#pragma once

#include "storage/record.hpp"
#include "storage/segment.hpp"

#include <caf/expected.hpp>

#include <functional>
#include <string>
#include <vector>

namespace troupe::storage {

/// What stands at a place of the log.
enum class log_content : std::uint8_t {
  record,
  blank,   ///< the rest of the segment is unused
  nothing, ///< zeros: nothing was written there
  damaged
};

struct found_content {
  log_content what = log_content::nothing;
  record_view record;
  std::string why; ///< what does not hold, when damaged
};

/// Looks at `position`, with all checks.
found_content look_at(const segment& where, log_offset position);

/// Looks at a segment of which the disk may not give all: a byte that it cannot
/// give would end the process that looks at it in the map. Blocks.
class careful_reader {
public:
  explicit careful_reader(const segment& where) : where_(where) {}

  /// Has [begin, end) in memory at once, if that can be had.
  void prepare(log_offset begin, log_offset end);

  /// The same with what follows `position`, in growing pieces: before each look
  /// of a walk from record to record.
  void walk_to(log_offset position);

  /// @errors log_read_failed
  caf::expected<found_content> look(log_offset position) const;

private:
  caf::error have(log_offset position, std::int64_t bytes) const;

  const segment& where_;
  log_offset begin_; // what is between is in memory
  log_offset end_;
  log_offset walked_; // what is before it was tried to have in memory
  std::int64_t step_ = 0;
};

/// What is wrong with a place where a record should begin but does not.
std::string why_damaged(const caf::expected<found_content>& found);

/// Whether the record at `row_position` is the message that a consume queue
/// names: its place, topic, queue and offset.
/// @returns what does not hold; empty when all does
std::string why_not(const found_content& found, std::string_view topic,
                    queue_id queue, queue_offset offset);

struct written_bytes {
  std::string bytes; ///< without the zeros at their end
  /// Why the disk does not give all of them: zeros stand for the others.
  caf::error unread;
};

/// What was ever written from `from` on, up to as much as one run of the node
/// may leave unsynced. Space that was only reserved is not even read.
written_bytes written_after(const segment& where, log_offset from);

/// The first whole record behind `bad` in its segment; the segment's end when
/// only `following` (null: there is none) begins with one, or with bytes that
/// the disk does not give; `bad` when nothing valid follows.
log_offset find_record_after(const segment& where, const segment* following,
                             log_offset bad);

/// Bytes of the log that are no record though records follow them.
struct log_damage {
  std::string file;
  log_offset begin;
  std::int64_t bytes = 0;
  std::string why;
};

struct scanned_log {
  std::int64_t segments = 0;
  std::int64_t records = 0;
  std::int64_t bytes = 0;     ///< of records
  std::int64_t body_only = 0; ///< records without a checksum of all of them
  log_offset min;
  log_offset end;
  std::int64_t torn_bytes = 0;     ///< behind the end: never finished
  std::vector<log_damage> damages; ///< in order
  std::vector<std::string> notes;  ///< files that do not belong together
};

/// Called for each record, in order.
using record_visitor = std::function<void(const record_view&)>;

/// Called now and then with how many bytes have been looked at, and of how
/// many.
using scan_progress = std::function<void(std::int64_t, std::int64_t)>;

/// Reads the whole log below `data_directory`; changes nothing.
/// @errors corrupt_file: no sizes can be told; io_failed
caf::expected<scanned_log> scan_log(const std::string& data_directory,
                                    const record_visitor& visit,
                                    const scan_progress& progress);

} // namespace troupe::storage
