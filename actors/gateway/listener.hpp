/// A listening socket. Survives running out of descriptors: it pauses instead
/// of spinning.
#pragma once

#include "gateway/connection.hpp"

#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <functional>
#include <memory>
#include <string>

namespace troupe {

class listener : public fd_handler {
public:
  /// Called with each new socket, already non-blocking.
  using accepted_fn = std::function<void(int fd, service offers)>;

  /// Binds and listens.
  /// @param address  IPv4 or IPv6 address in numbers
  /// @param port     0 takes a free one, see port()
  /// @errors address_in_use, bad_config
  static caf::expected<std::unique_ptr<listener>>
  open(reactor& home, const std::string& address, std::uint16_t port,
       service offers, accepted_fn accepted);

  ~listener() override;

  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  void on_ready(std::uint32_t events) override;

  /// Starts again after a pause because descriptors ran out. Cheap when there
  /// was none.
  void resume();

  std::uint16_t port() const { return port_; }

private:
  listener(reactor& home, int fd, std::uint16_t port, service offers,
           accepted_fn accepted);

  static constexpr int accepts_per_event_max = 256;

  reactor& home_;
  int fd_;
  std::uint16_t port_;
  service offers_;
  accepted_fn accepted_;
  bool paused_ = false;
};

} // namespace troupe
