/// What a queue knows and decides: offsets, rows, parked pulls. No messages, no
/// clock; the actor around it sends what this returns.
#pragma once

#include "storage/commit_log.hpp"
#include "storage/consume_queue.hpp"

#include "troupe/actor/cold_reader.hpp"
#include "troupe/actor/queue.hpp"
#include "troupe/model/rate_meter.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// A pull that waits for messages or for a cold read.
struct waiting_pull {
  pull_row row;
  pull_asker asker;
  queue_offset seen{}; ///< rows from row.offset to here do not match its filter
  log_offset warm_end{}; ///< the cold reader has read records before this one
  log_offset trimmed{};  ///< the queue has been trimmed to this place for it
  std::optional<queue_offset> mended{}; ///< a row that was looked for already
  queue_offset cold_rows{}; ///< rows from here on were read from disk for it
  int cold_tries = 0;       ///< how often in vain
};

/// What evaluating a pull led to.
enum class pull_step : std::uint8_t {
  answered, ///< an outcome was added to the answer
  park,     ///< nothing there yet
  cold,     ///< the disk must be read first, see queue_state::cold()
  mend,     ///< a row and its record do not agree, see queue_state::broken()
  trim,     ///< a row's segment has gone: the queue must follow the log first
  failed,   ///< rows cannot be read, see queue_state::failure()
};

/// Whether a pull may touch memory that the disk must fill first.
enum class residency : std::uint8_t {
  checked,
  assured
};

class queue_state {
public:
  queue_state() = default;

  queue_state(std::shared_ptr<const storage::commit_log> log,
              storage::consume_queue rows, std::string topic, queue_id queue);

  /// Gives each row the next offset.
  void assign(std::vector<append_row>& batch);

  /// Takes back all offsets from `first` on.
  void take_back(queue_offset first);

  /// Messages became readable.
  /// @errors disk_full, log_write_failed: the rows wait in memory
  caf::error publish(const appended& event);

  /// Answers `pull` into `done`, or says why not yet.
  pull_step evaluate(waiting_pull& pull, residency how, pull_done& done);

  /// What must be read from disk for the last evaluate() that said cold.
  const cold_range& cold() const { return cold_; }

  /// Why the last evaluate() failed.
  const std::string& failure() const { return failure_; }

  /// First place that the log still has.
  log_offset log_min() const { return log_->min(); }

  /// Where the message of a row that does not hold may be found.
  struct broken_row {
    queue_offset offset;
    log_offset from; ///< it lies in [from, to) of the log
    log_offset to;
    std::string why;
  };

  /// What must be looked for after the last evaluate() that said mend.
  const broken_row& broken() const { return broken_; }

  /// Puts the row of the message that was found at `position`; none: it is
  /// lost, and pulls walk past it.
  /// @errors disk_full, log_write_failed
  caf::error mend(const broken_row& broken, std::optional<log_offset> position);

  /// Puts a row as the log has it. @returns false when it is not as it was
  /// found any more, or its neighbours say that the message belongs elsewhere
  /// @errors disk_full, log_write_failed
  caf::expected<bool> mend(const row_mend& wish);

  /// Answers a parked pull whose time is over.
  void expire(const waiting_pull& pull, pull_done& done);

  /// Whether a parked pull may match one of the rows of `event`; if not, what
  /// it has seen moves on.
  bool concerns(waiting_pull& pull, const appended& event) const;

  queue_range range() const { return {rows_.min(), rows_.end()}; }

  storage::consume_queue& rows() { return rows_; }

  std::int64_t appended_messages() const { return appended_; }

  std::int64_t pulled_messages() const { return pulled_; }

  epoch_ms last_store_time() const { return last_store_time_; }

  /// Messages that arrive in a second.
  double arrival_rate(epoch_ms now) const { return arrivals_.per_second(now); }

  /// @invariant  min <= end <= next
  void check_invariants() const;

private:
  pull_step scan_rows(waiting_pull& pull, residency how, pull_done& done);
  bool matches_record(const waiting_pull& pull, std::string_view record) const;
  pull_outcome outcome_of(const waiting_pull& pull, pull_status status,
                          queue_offset next) const;
  pull_step read_rows_cold(waiting_pull& pull, std::int32_t wanted);
  bool is_cold(const storage::consume_row& row, residency how,
               waiting_pull& pull);
  bool is_resident(const storage::consume_row& row);
  bool holds(queue_offset offset, const storage::consume_row& row,
             std::string_view bytes);
  void note_broken(queue_offset offset, std::string why);
  bool is_due(const row_mend& wish);

  std::shared_ptr<const storage::commit_log> log_;
  storage::consume_queue rows_;
  std::string topic_;
  queue_id queue_;
  queue_offset next_; // of the next append; rows_.end() is what is visible
  cold_range cold_;
  broken_row broken_;
  std::string failure_;
  std::vector<storage::consume_row> scratch_;
  log_offset resident_from_; // of what a scan has found in memory
  log_offset resident_until_;
  std::int64_t appended_ = 0;
  std::int64_t pulled_ = 0;
  epoch_ms last_store_time_;
  rate_meter arrivals_;
};

} // namespace troupe
