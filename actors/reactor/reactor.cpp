#include "reactor/reactor.hpp"

#include "troupe/assert.hpp"

#include <caf/actor_system.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <cerrno>
#include <csignal>

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace troupe {

namespace {

/// Half a millisecond of work: so long may what a socket has brought wait for
/// actors that keep each other busy, such as all queues at a checkpoint.
constexpr int runs_between_polls_max = 256;

} // namespace

reactor::reactor(caf::actor_system& system)
  : caf::execution_unit(&system),
    poll_fd_(::epoll_create1(EPOLL_CLOEXEC)),
    wake_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  TROUPE_ASSERT(poll_fd_ >= 0 && wake_fd_ >= 0,
                "a process that starts can open two descriptors");
  control(EPOLL_CTL_ADD, wake_fd_, EPOLLIN, nullptr);
}

reactor::~reactor() {
  stop();
  ::close(wake_fd_);
  ::close(poll_fd_);
}

void reactor::start() {
  thread_ = std::thread{[this] {
    ::pthread_setname_np(::pthread_self(), "troupe.reactor");
    // Signals belong to the main thread, which waits for them.
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
    adopt_thread();
    while (!stopping_.load(std::memory_order_relaxed))
      run_once(-1);
  }};
}

void reactor::stop() {
  if (!stopping_.exchange(true)) {
    signal();
    if (thread_.joinable())
      thread_.join();
  }
  fetch_remote();
  for (auto* actor : ready_)
    caf::intrusive_ptr_release(actor);
  ready_.clear();
}

void reactor::adopt_thread() {
  owner_ = std::this_thread::get_id();
}

bool reactor::run_once(int timeout_ms) {
  std::array<epoll_event, events_per_poll_max> events;
  auto wait = ready_.empty() && !soon_;
  soon_ = false;
  auto count = ::epoll_wait(poll_fd_, events.data(), events_per_poll_max,
                            wait ? timeout_ms : 0);
  for (int i = 0; i < count; ++i) {
    auto& event = events[static_cast<std::size_t>(i)];
    if (auto* handler = static_cast<fd_handler*>(event.data.ptr)) {
      handler->on_ready(event.events);
      continue;
    }
    std::uint64_t wakes = 0;
    if (::read(wake_fd_, &wakes, sizeof wakes) > 0)
      fetch_remote();
  }
  if (round_ != nullptr)
    round_->on_polled();
  auto ran = run_ready();
  if (round_ != nullptr)
    round_->on_ran();
  return count > 0 || ran;
}

void reactor::exec_later(caf::resumable* ready) {
  if (ready->subtype() != caf::resumable::io_actor) {
    system().scheduler().enqueue(ready); // a guest: it has no home here
    return;
  }
  if (std::this_thread::get_id() == owner_.load(std::memory_order_relaxed)) {
    ready_.push_back(ready);
    return;
  }
  bool wake = false;
  {
    std::lock_guard guard{remote_mutex_};
    remote_.push_back(ready);
    wake = !signaled_;
    signaled_ = true;
  }
  if (wake)
    signal();
}

int reactor::watch(int fd, std::uint32_t events, fd_handler* handler) {
  return control(EPOLL_CTL_ADD, fd, events, handler);
}

int reactor::rewatch(int fd, std::uint32_t events, fd_handler* handler) {
  return control(EPOLL_CTL_MOD, fd, events, handler);
}

void reactor::unwatch(int fd) {
  control(EPOLL_CTL_DEL, fd, 0, nullptr);
}

int reactor::control(int operation, int fd, std::uint32_t events,
                     fd_handler* handler) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = handler;
  return ::epoll_ctl(poll_fd_, operation, fd, &event) == 0 ? 0 : errno;
}

void reactor::signal() {
  std::uint64_t one = 1;
  while (::write(wake_fd_, &one, sizeof one) < 0 && errno == EINTR) {
    // An eventfd takes eight bytes or, when it is full, is readable anyway.
  }
}

void reactor::fetch_remote() {
  std::lock_guard guard{remote_mutex_};
  ready_.insert(ready_.end(), remote_.begin(), remote_.end());
  remote_.clear();
  signaled_ = false;
}

bool reactor::run_ready() {
  bool ran = false;
  for (int runs = 0; !ready_.empty() && runs < runs_between_polls_max; ++runs) {
    auto* actor = ready_.front();
    ready_.pop_front();
    ran = true;
    switch (actor->resume(this, messages_per_run_max)) {
      case caf::resumable::resume_later:
        ready_.push_back(actor);
        break;
      case caf::resumable::shutdown_execution_unit:
        break;
      default: // done or waiting for a message: the run queue lets go of it
        caf::intrusive_ptr_release(actor);
    }
  }
  return ran;
}

} // namespace troupe
