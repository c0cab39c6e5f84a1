/// When the next group of messages is synced. Producers that wait for their
/// answers come back soon after a sync: a sync that begins at once takes only
/// half of them along, and the disk works twice for the same messages. Waiting
/// a little for the others pays where they come back fast, and is given up
/// where they do not. No messages; time comes as an argument.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace troupe {

class sync_gate {
public:
  using clock = std::chrono::steady_clock;
  using duration = clock::duration;
  using time_point = clock::time_point;

  static constexpr duration hold_max = std::chrono::microseconds{500};
  static constexpr duration hold_min = std::chrono::microseconds{20};

  /// A sync that took `took` has ended.
  /// @param answered  messages that it made durable
  /// @param waiting   messages that came meanwhile and wait for the next one
  void ended(time_point now, duration took, std::int64_t answered,
             std::int64_t waiting) {
    state_ = state::open;
    expected_ = answered + waiting;
    if (skips_ > 0) {
      --skips_;
      return;
    }
    auto window = std::min<duration>(took / 2, hold_max);
    if (window < hold_min)
      return; // the disk is faster than any waiting for company
    until_ = now + window;
    state_ = state::undecided;
  }

  /// How long the next sync is to be held at most, while `waiting` messages
  /// wait for it; 0 when it is to begin. To be asked again with every message
  /// and when the time is over.
  duration hold(time_point now, std::int64_t waiting) {
    if (state_ == state::open)
      return {};
    auto all_came = waiting >= expected_;
    if (!all_came && now < until_) {
      state_ = state::holding;
      return until_ - now;
    }
    if (state_ == state::holding)
      learn(waiting);
    state_ = state::open;
    return {};
  }

private:
  enum class state : std::uint8_t {
    open,      // nothing is held until the next sync has ended
    undecided, // nobody has asked since the last one
    holding
  };

  /// What waiting brought says how often it is tried.
  void learn(std::int64_t waiting) {
    if (waiting >= expected_ - expected_ / 4) {
      pause_ = 1;
      return;
    }
    pause_ = std::min(2 * pause_, skips_max);
    skips_ = pause_;
  }

  static constexpr int skips_max = 64;

  std::int64_t expected_ = 0; // as many as there were at once before
  time_point until_;
  int pause_ = 1;
  int skips_ = 0; // syncs that are not held, after a vain try
  state state_ = state::open;
};

} // namespace troupe
