/// A connection to this node's own broker port: what the shell sends goes in by
/// the door that clients use, with every check and every kind of message that
/// it knows. Blocks; for the thread of one request.
#pragma once

#include "troupe/errc.hpp"
#include "troupe/remoting/command.hpp"

#include <caf/expected.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace troupe {

class broker_link {
public:
  /// Connects within limits::ask_timeout.
  /// @param address  IPv4 or IPv6 in numbers; `0.0.0.0` and `::` mean loopback
  /// @errors not_ready
  static caf::expected<broker_link> open(const std::string& address,
                                         std::uint16_t port);

  ~broker_link();
  broker_link(broker_link&& other) noexcept;
  broker_link& operator=(broker_link&&) = delete;

  /// Sends a request and waits for its answer.
  /// @errors client_timeout, client_gone
  caf::expected<remoting::command> call(remoting::command request,
                                        std::chrono::milliseconds wait);

private:
  explicit broker_link(int fd) : fd_(fd) {}

  caf::error write(std::string_view bytes);

  int fd_;
  std::int32_t opaque_ = 0;
  std::string in_;
};

} // namespace troupe
