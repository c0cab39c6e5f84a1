/// How often something happens, weighted towards the last half minute. Two
/// numbers, no history. Time comes as an argument.
#pragma once

#include "troupe/units.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace troupe {

class rate_meter {
public:
  /// `count` events at `now`; times do not go back.
  void add(std::int64_t count, epoch_ms now) {
    if (first_.value == 0)
      first_ = last_ = now;
    weight_ = weight_at(now) + static_cast<double>(count);
    last_ = std::max(last_, now);
  }

  /// Events per second; 0 before the first one.
  double per_second(epoch_ms now) const {
    if (first_.value == 0)
      return 0;
    // Of a young meter the part of the window that it has seen counts; never
    // less than a second, or one event would be thousands a second.
    auto age = std::max<double>(static_cast<double>(now - first_), 1000);
    auto window = window_ms * (1 - std::exp(-age / window_ms));
    auto rate = weight_at(now) * 1000 / window;
    return rate < 0.001 ? 0 : rate; // one in a quarter of an hour is none
  }

private:
  static constexpr double window_ms = 30'000;

  double weight_at(epoch_ms now) const {
    auto passed = std::max<double>(static_cast<double>(now - last_), 0);
    return weight_ * std::exp(-passed / window_ms);
  }

  double weight_ = 0; // events at last_, older ones counting less
  epoch_ms first_;
  epoch_ms last_;
};

} // namespace troupe
