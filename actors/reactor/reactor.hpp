/// The execution unit of the node: one thread that waits for sockets and runs
/// the actors pinned to it, so that a message between them costs no thread
/// switch. Started by the supervisor, or driven by hand in tests.
#pragma once

#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe {

/// Hears of events on a file descriptor. Called on the reactor's thread.
class fd_handler {
public:
  virtual ~fd_handler() = default;

  /// @param events  EPOLLIN, EPOLLOUT, ... as epoll_wait reported them
  virtual void on_ready(std::uint32_t events) = 0;
};

/// Does something once per loop, after sockets and before or after actors.
class round_handler {
public:
  virtual ~round_handler() = default;

  /// All sockets that were ready have been read: hand over what they brought.
  virtual void on_polled() = 0;

  /// All actors have run: write what they answered.
  virtual void on_ran() = 0;
};

/// epoll, an eventfd and a run queue. Actors of type resumable::io_actor that
/// are enqueued here run here; all others go to the system's scheduler.
class reactor : public caf::execution_unit {
public:
  explicit reactor(caf::actor_system& system);
  ~reactor() override;

  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;

  /// Runs the loop on a thread of its own until stop().
  void start();

  /// Ends the loop and waits for it. Only when no pinned actor is left.
  void stop();

  /// Makes the calling thread the reactor's own, for tests that drive it.
  void adopt_thread();

  /// Waits up to `timeout_ms` (-1: for ever) for events, serves them, runs the
  /// actors that became ready.
  /// @returns whether anything happened
  bool run_once(int timeout_ms);

  /// Makes the next run_once look for events without waiting: somebody still
  /// has work of his own. Reactor thread only.
  void run_soon() { soon_ = true; }

  /// Puts an actor into the run queue. Any thread.
  void exec_later(caf::resumable* ready) override;

  /// Starts, changes and ends the interest in `fd`. Reactor thread only.
  /// @returns 0, or the errno of epoll_ctl
  int watch(int fd, std::uint32_t events, fd_handler* handler);
  int rewatch(int fd, std::uint32_t events, fd_handler* handler);
  void unwatch(int fd);

  /// At most one; null takes it away. Reactor thread only.
  void set_round_handler(round_handler* handler) { round_ = handler; }

private:
  static constexpr int events_per_poll_max = 256;
  static constexpr std::size_t messages_per_run_max = 512;

  int control(int operation, int fd, std::uint32_t events, fd_handler* handler);
  void signal();
  void fetch_remote();
  bool run_ready();

  int poll_fd_ = -1;
  int wake_fd_ = -1;
  std::thread thread_;
  std::atomic<std::thread::id> owner_{};
  std::atomic<bool> stopping_{false};
  round_handler* round_ = nullptr;
  bool soon_ = false;
  std::deque<caf::resumable*> ready_; // of this thread
  std::mutex remote_mutex_;
  std::vector<caf::resumable*> remote_; // from other threads
  bool signaled_ = false;               // guarded by remote_mutex_
};

} // namespace troupe
