/// Unique keys for messages that come without one, in the shape that clients
/// give them: 32 upper-case hex digits of an address (8), a process (4), a
/// class loader (8), the milliseconds of this month (8) and a counter (4).
/// Clients read the time out of it when they look for the message. Source:
/// RocketMQ 5.3 MessageClientIDSetter; sheet storage 4.
#pragma once

#include "troupe/units.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <random>
#include <string_view>

namespace troupe {

/// Keys of one giver: what stands for process and class loader is random, so
/// that no two givers, of one node or of several, share a key.
class unique_keys {
public:
  static constexpr std::size_t digits = 32;

  unique_keys() {
    std::random_device random;
    put(0, 8, 0x7F000001);
    put(8, 4, random());
    put(12, 8, random());
  }

  /// A key that was not given before; valid until the next call.
  std::string_view next(epoch_ms now) {
    if (now < month_begin_ || now >= month_end_)
      enter_month(now);
    put(20, 8, static_cast<std::uint64_t>(now - month_begin_));
    put(28, 4, ++counter_);
    return {key_.data(), key_.size()};
  }

private:
  void put(std::size_t first, int count, std::uint64_t value) {
    for (int shift = 4 * (count - 1); shift >= 0; shift -= 4)
      key_[first++] = "0123456789ABCDEF"[value >> shift & 0xF];
  }

  /// Clients count from the start of the month where they are.
  void enter_month(epoch_ms now) {
    auto seconds = static_cast<std::time_t>(now.value / 1000);
    std::tm date{};
    ::localtime_r(&seconds, &date);
    date.tm_mday = 1;
    date.tm_hour = date.tm_min = date.tm_sec = 0;
    date.tm_isdst = -1;
    auto begin = date;
    month_begin_ = {std::int64_t{std::mktime(&begin)} * 1000};
    ++date.tm_mon;
    month_end_ = {std::int64_t{std::mktime(&date)} * 1000};
  }

  std::array<char, digits> key_{};
  std::uint16_t counter_ = 0;
  epoch_ms month_begin_;
  epoch_ms month_end_;
};

} // namespace troupe
