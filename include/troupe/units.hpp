/// Numbers with a unit. Each is its own type, so that a place in a queue can
/// never be passed where a place in the log is meant. Used by every folder.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace troupe {

/// A number that only compares, adds and subtracts with its own kind.
/// `Tag` makes the kind, `Rep` holds it.
template <class Tag, class Rep>
struct number {
  Rep value{};

  constexpr auto operator<=>(const number&) const = default;

  /// The number `distance` further on.
  constexpr number operator+(Rep distance) const {
    return {static_cast<Rep>(value + distance)};
  }

  constexpr number& operator+=(Rep distance) {
    value = static_cast<Rep>(value + distance);
    return *this;
  }

  /// How far `earlier` lies before this number.
  constexpr Rep operator-(number earlier) const {
    return static_cast<Rep>(value - earlier.value);
  }
};

/// Place of a message in its queue, in messages from 0.
using queue_offset = number<struct queue_offset_tag, std::int64_t>;

/// Place in the commit log, in bytes from its first byte ever written.
/// RocketMQ calls it the physical offset.
using log_offset = number<struct log_offset_tag, std::int64_t>;

/// Number of a queue within its topic, from 0.
using queue_id = number<struct queue_id_tag, std::int32_t>;

/// Milliseconds since 1970 UTC.
using epoch_ms = number<struct epoch_ms_tag, std::int64_t>;

/// The wall clock, for stamps that leave the process.
inline epoch_ms now_ms() {
  using namespace std::chrono;
  return {duration_cast<milliseconds>(system_clock::now().time_since_epoch())
            .count()};
}

} // namespace troupe
