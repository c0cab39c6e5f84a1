/// A timer of the reactor's own, in microseconds: CAF's clock is another thread
/// and costs two switches. Reactor thread only.
#pragma once

#include "reactor/reactor.hpp"

#include <chrono>
#include <functional>

namespace troupe {

class reactor_timer : public fd_handler {
public:
  /// @param home  null: it never rings
  reactor_timer(reactor* home, std::function<void()> ring);
  ~reactor_timer() override;

  reactor_timer(const reactor_timer&) = delete;
  reactor_timer& operator=(const reactor_timer&) = delete;

  /// Rings once, `delay` from now; what was set before is forgotten. 0: it does
  /// not ring.
  /// @returns whether it will
  bool set(std::chrono::nanoseconds delay);

  /// It rings no more.
  void stop();

  void on_ready(std::uint32_t events) override;

private:
  bool open();

  reactor* home_;
  std::function<void()> ring_;
  int fd_ = -1;
  bool is_set_ = false;
};

} // namespace troupe
