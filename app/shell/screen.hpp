/// The terminal that a person sits at: its size, and single keys while a view
/// is shown.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>

#include <termios.h>

namespace troupe::app {

struct screen_size {
  std::size_t lines = 24;
  std::size_t columns = 80;
};

/// Of the terminal behind stdout, as it is now.
screen_size size_of_screen();

/// While it lives, keys come one by one and are not shown.
class view_keys {
public:
  view_keys();
  ~view_keys();

  view_keys(const view_keys&) = delete;
  view_keys& operator=(const view_keys&) = delete;

  /// @returns whether `time` went by before the person pressed q or something
  ///          set `interrupted`
  bool wait(std::chrono::milliseconds time,
            const std::atomic<bool>& interrupted);

private:
  termios before_{};
  bool changed_ = false;
};

} // namespace troupe::app
