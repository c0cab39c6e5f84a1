/// Waits for what other threads are about to do.
#pragma once

#include <chrono>
#include <thread>

namespace troupe::test {

/// Whether `condition` holds within five seconds.
template <class Condition>
inline bool eventually(Condition condition) {
  for (int i = 0; i < 500; ++i) {
    if (condition())
      return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return false;
}

} // namespace troupe::test
