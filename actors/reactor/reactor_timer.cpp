#include "reactor/reactor_timer.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace troupe {

reactor_timer::reactor_timer(reactor* home, std::function<void()> ring)
  : home_(home),
    ring_(std::move(ring)) {}

reactor_timer::~reactor_timer() {
  stop();
}

bool reactor_timer::open() {
  if (fd_ >= 0 || home_ == nullptr)
    return fd_ >= 0;
  fd_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd_ >= 0 && home_->watch(fd_, EPOLLIN, this) != 0) {
    ::close(fd_);
    fd_ = -1;
  }
  return fd_ >= 0;
}

bool reactor_timer::set(std::chrono::nanoseconds delay) {
  auto wanted = delay.count() > 0;
  if ((!wanted && !is_set_) || !open())
    return false;
  auto seconds = std::chrono::floor<std::chrono::seconds>(delay);
  itimerspec when{};
  when.it_value.tv_sec = seconds.count();
  when.it_value.tv_nsec = (delay - seconds).count();
  auto done = ::timerfd_settime(fd_, 0, &when, nullptr) == 0;
  is_set_ = wanted && done;
  return is_set_;
}

void reactor_timer::stop() {
  if (fd_ < 0)
    return;
  home_->unwatch(fd_);
  ::close(fd_);
  fd_ = -1;
  is_set_ = false;
}

void reactor_timer::on_ready(std::uint32_t) {
  std::uint64_t rings = 0;
  if (::read(fd_, &rings, sizeof rings) <= 0)
    return; // set anew meanwhile
  is_set_ = false;
  ring_();
}

} // namespace troupe
