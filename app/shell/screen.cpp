#include "app/shell/screen.hpp"

#include <algorithm>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace troupe::app {

screen_size size_of_screen() {
  screen_size result;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
    return result;
  if (size.ws_row > 0)
    result.lines = size.ws_row;
  if (size.ws_col > 0)
    result.columns = size.ws_col;
  return result;
}

view_keys::view_keys() {
  if (::tcgetattr(STDIN_FILENO, &before_) != 0)
    return;
  auto raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 0; // a read takes what is there
  raw.c_cc[VTIME] = 0;
  changed_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

view_keys::~view_keys() {
  if (changed_)
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

bool view_keys::wait(std::chrono::milliseconds time,
                     const std::atomic<bool>& interrupted) {
  using clock = std::chrono::steady_clock;
  using std::chrono::milliseconds;
  auto end = clock::now() + time;
  for (;;) {
    if (interrupted.load())
      return false;
    auto left = std::chrono::ceil<milliseconds>(end - clock::now()).count();
    if (left <= 0)
      return true;
    pollfd keys{STDIN_FILENO, POLLIN, 0};
    if (::poll(&keys, 1, static_cast<int>(std::min<std::int64_t>(left, 1000)))
        <= 0)
      continue; // time is over, or a signal came
    char key = 0;
    // Without a terminal there is nobody to end it, but by Ctrl-C.
    if (::read(STDIN_FILENO, &key, 1) <= 0 || key == 'q')
      return false;
  }
}

} // namespace troupe::app
