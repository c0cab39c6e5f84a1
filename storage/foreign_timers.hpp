/// Which timed messages of a store that an Apache RocketMQ has had are still to
/// be delivered. Its log does not say so by itself: what was delivered, taken
/// back or put off is known by its topic, unique key and due time. Used once,
/// by derived_state, when a store is taken over.
/// Source: RocketMQ 5.3 TimerMessageStore; sheet storage 13.4 to 13.6.
#pragma once

#include "storage/record.hpp"

#include "troupe/model/deadline.hpp"

#include <functional>
#include <set>
#include <string>
#include <utility>

namespace troupe::storage {

/// Calls the function with the record at a place, unless that cannot be read.
using record_reader = std::function<void(
  log_offset, const std::function<void(const record_view&)>&)>;

class foreign_timers {
public:
  foreign_timers() = default;

  /// @param read_to  everything that was due before it is delivered; 0: not
  ///                 known, then what was due limits::foreign_timer_slack
  ///                 before the last record is
  explicit foreign_timers(epoch_ms read_to) : read_to_(read_to) {}

  /// Takes the next record of the log.
  void take(const record_view& record);

  /// Whether a timed message has come to its end. Each is asked about once, in
  /// any order, after all records were taken.
  bool is_over(const deadline& row, const record_reader& read);

private:
  /// Due time, and a hash of topic and unique key.
  using identity = std::pair<std::int64_t, std::uint64_t>;

  epoch_ms delivered_to() const;

  epoch_ms read_to_;
  epoch_ms last_time_;        // of all records
  std::set<identity> ended_;  // delivered or taken back
  std::set<identity> asked_;  // of those that were put off, the ones to come
  bool some_put_off_ = false; // a timed message may stand there twice
};

/// Up to where the RocketMQ that had the store has delivered its timers, from
/// its config/timercheck. 0 when it does not say.
epoch_ms timers_delivered_to(const std::string& directory);

} // namespace troupe::storage
