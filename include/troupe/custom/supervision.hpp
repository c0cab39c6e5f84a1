/// When a custom actor that fails is made anew, when a message is put aside,
/// and when it is left alone. No clock and no actor: used by the node and by
/// the test kit.
#pragma once

#include "troupe/limits.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace troupe::custom {

/// What a failing actor is granted. Arguments of every custom actor.
struct patience {
  std::int64_t attempts = limits::custom_attempts; ///< at one message
  std::int64_t failures = limits::custom_failures; ///< in a row
  std::int64_t backoff_ms = limits::custom_backoff_ms;
  std::int64_t backoff_ms_max = limits::custom_backoff_ms_max;
};

enum class life : std::uint8_t {
  running,
  backing_off, ///< made anew when its pause is over
  quarantined, ///< too many failures in a row: waits for a restart by hand
};

class supervision {
public:
  supervision() = default;

  explicit supervision(patience granted) : granted_(granted) {}

  life state() const { return state_; }

  std::int64_t failures_in_row() const { return in_row_; }

  /// Since it was spawned.
  std::int64_t failures() const { return failures_; }

  std::int64_t restarts() const { return restarts_; }

  /// When a pause ends, ms; 0: there is none.
  std::int64_t resumes_at() const {
    return state_ == life::backing_off ? resumes_at_ : 0;
  }

  /// A call has returned.
  void succeeded() { in_row_ = 0; }

  /// A call has thrown. Pauses are doubled with each failure in a row.
  void failed(std::int64_t now) {
    ++in_row_;
    ++failures_;
    if (in_row_ >= granted_.failures) {
      state_ = life::quarantined;
      return;
    }
    state_ = life::backing_off;
    auto doublings = std::min<std::int64_t>(in_row_ - 1, 20);
    resumes_at_ =
      now + std::min(granted_.backoff_ms << doublings, granted_.backoff_ms_max);
  }

  /// Whether a pause is over; the actor is to be made anew then.
  bool resume(std::int64_t now) {
    if (state_ != life::backing_off || now < resumes_at_)
      return false;
    state_ = life::running;
    ++restarts_;
    return true;
  }

  /// Restarted by hand: lifts a quarantine too.
  void restart() {
    state_ = life::running;
    in_row_ = 0;
    ++restarts_;
  }

  // -- messages --------------------------------------------------------------

  /// A message of a queue, or of a topic before it is stored.
  using place = std::pair<std::string, std::int64_t>;

  bool has_attempts() const { return !attempts_.empty(); }

  std::int64_t attempts_at(const place& x) const {
    auto found = attempts_.find(x);
    return found == attempts_.end() ? 0 : found->second;
  }

  /// @returns whether the message has had its attempts and is to be put aside
  bool count_attempt(const place& x) {
    return ++attempts_[x] >= granted_.attempts;
  }

  void forget(const place& x) {
    if (!attempts_.empty())
      attempts_.erase(x);
  }

private:
  patience granted_;
  life state_ = life::running;
  std::int64_t in_row_ = 0;
  std::int64_t failures_ = 0;
  std::int64_t restarts_ = 0;
  std::int64_t resumes_at_ = 0;
  std::map<place, std::int64_t> attempts_; // one for each queue at most
};

} // namespace troupe::custom
