/// Time for what lasts: how long a client has been silent, a lock been held.
/// The wall clock (now_ms) is for stamps and moments; it may jump.
#pragma once

#include "troupe/units.hpp"

#include <chrono>

namespace troupe {

/// Milliseconds since 1970 UTC by the wall clock of the first call, from then
/// on by a clock that never jumps. Any thread.
inline epoch_ms steady_ms() {
  using namespace std::chrono;
  static const auto wall = now_ms();
  static const auto began = steady_clock::now();
  return wall
         + duration_cast<milliseconds>(steady_clock::now() - began).count();
}

} // namespace troupe
