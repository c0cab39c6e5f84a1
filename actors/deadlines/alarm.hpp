/// When a role is to be woken for what is due first. Delays run by a steady
/// clock and deadlines by the wall's: a wake-up is never further off than
/// limits::alarm_max, so that nothing is later than that when the wall clock
/// jumps forwards, and a jump backwards is noticed as soon. No messages; time
/// comes as an argument.
#pragma once

#include "troupe/limits.hpp"
#include "troupe/units.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

namespace troupe {

class alarm {
public:
  /// How long to wait until the tick that wakes for `due`; none when a tick
  /// that is early enough is on its way.
  std::optional<std::chrono::milliseconds> arm(epoch_ms due, epoch_ms now) {
    auto at = std::clamp(due, now + 1, now + limits::alarm_max.count());
    if (at_.value != 0 && at_ <= at)
      return {};
    at_ = at;
    ++ticks_;
    return std::chrono::milliseconds{at - now};
  }

  /// A tick has come. @returns false when another one has overtaken it: that
  /// one counts, so that there is never more than one to come for long.
  [[nodiscard]] bool ring(epoch_ms now) {
    --ticks_;
    // A clock that is slowed down is a little behind the tick.
    if (ticks_ > 0 && at_.value != 0 && now + 1 < at_)
      return false;
    at_ = {};
    return true;
  }

  /// How many ticks are on their way.
  int ticks() const { return ticks_; }

private:
  epoch_ms at_;   // what the last tick was armed for; 0: none is on its way
  int ticks_ = 0; // on their way
};

} // namespace troupe
