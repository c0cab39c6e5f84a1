/// What one record of the log means to the roles that derive state from it. The
/// log finds it when a record is appended and tells its followers; recovery
/// finds the same when it reads the log again.
#pragma once

#include "troupe/units.hpp"

#include <cstddef>
#include <cstdint>

namespace troupe {

struct log_event {
  enum class kind : std::uint8_t {
    half_opened,    ///< id: offset in the half topic; delay_ms: as it says
    half_closed,    ///< id: offset in the half topic: committed, rolled back
    half_discarded, ///< id: offset in the half topic; the record is its copy
    half_resumed,   ///< id: position of the copy that was resumed
    timer_set,      ///< id: position of the record; time: when it is due
    timer_ended,    ///< id, time: those of timer_set: delivered or recalled
    delay_ended,    ///< id: mark_of() the delayed message that is delivered
  };

  kind what = kind::half_opened;
  std::int64_t id = 0;
  log_offset position; ///< of the record that says so
  epoch_ms time;       ///< of timers: due; else: store time of the record
  /// Of half_opened: CHECK_IMMUNITY_TIME_IN_SECONDS; 0: not set. Of timer_set:
  /// not 0 when a RocketMQ has stored it.
  std::int64_t delay_ms = 0;

  bool operator==(const log_event&) const = default;
};

/// Events that one role derives its state from; each has a watermark.
enum class log_family : std::uint8_t {
  transactions,
  timers,
  delays
};

inline constexpr std::size_t log_families = 3;

inline log_family family_of(log_event::kind what) {
  if (what == log_event::kind::delay_ended)
    return log_family::delays;
  return what < log_event::kind::timer_set ? log_family::transactions
                                           : log_family::timers;
}

} // namespace troupe
