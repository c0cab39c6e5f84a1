/// How long messages are kept and how full the disk may become.
/// Source: RocketMQ 5.3 MessageStoreConfig; sheet storage 19.
#pragma once

#include "troupe/limits.hpp"

#include <cstdint>
#include <vector>

namespace troupe {

struct retention_rules {
  /// A segment goes when it was last written to so long ago; 0: never.
  std::int64_t keep_ms = limits::retention_ms;
  /// The oldest segments go when all of them have more bytes; 0: never.
  std::int64_t bytes_max = 0;
  /// Local hours of the day at which expired segments go; empty: all day.
  std::vector<int> hours;
  /// Above this part of the disk they go at any hour.
  std::int64_t used_percent_max = limits::disk_used_percent_max;
  /// Above limits::disk_force_percent the oldest go before their time.
  bool delete_when_full = false;
  /// Free bytes below which sends are refused; 0: see water_mark.
  std::int64_t free_bytes_min = 0;
  /// The same as a part of the disk that is used; 0: none.
  std::int64_t full_percent = 0;
};

} // namespace troupe
