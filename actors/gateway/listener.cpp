#include "gateway/listener.hpp"

#include "troupe/limits.hpp"
#include "troupe/log.hpp"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe {

namespace {

/// Fills `out` from an address in numbers; returns its size, 0 when it is none.
socklen_t parse_address(const std::string& text, std::uint16_t port,
                        sockaddr_storage& out) {
  auto& v4 = reinterpret_cast<sockaddr_in&>(out);
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return sizeof v4;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
  if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return sizeof v6;
  }
  return 0;
}

caf::error bind_failed(const std::string& address, std::uint16_t port,
                       int why) {
  return make_error(errc::address_in_use,
                    "cannot listen on " + address + ":" + std::to_string(port)
                      + ": " + std::strerror(why)
                      + (why == EADDRINUSE
                           ? "; stop the other program or choose another port"
                           : ""));
}

} // namespace

caf::expected<std::unique_ptr<listener>>
listener::open(reactor& home, const std::string& address, std::uint16_t port,
               service offers, accepted_fn accepted) {
  sockaddr_storage where{};
  auto size = parse_address(address, port, where);
  if (size == 0)
    return make_error(errc::bad_config, "listen address `" + address
                                          + "` is no IPv4 or IPv6 address in "
                                            "numbers, such as 127.0.0.1 or ::");
  int fd =
    ::socket(where.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return bind_failed(address, port, errno);
  int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto* generic = reinterpret_cast<sockaddr*>(&where);
  if (::bind(fd, generic, size) != 0
      || ::listen(fd, limits::listen_backlog) != 0) {
    auto why = errno;
    ::close(fd);
    return bind_failed(address, port, why);
  }
  ::getsockname(fd, generic, &size);
  auto bound = where.ss_family == AF_INET
                 ? reinterpret_cast<sockaddr_in&>(where).sin_port
                 : reinterpret_cast<sockaddr_in6&>(where).sin6_port;
  std::unique_ptr<listener> result{
    new listener{home, fd, ntohs(bound), offers, std::move(accepted)}};
  home.watch(fd, EPOLLIN, result.get());
  return result;
}

listener::listener(reactor& home, int fd, std::uint16_t port, service offers,
                   accepted_fn accepted)
  : home_(home),
    fd_(fd),
    port_(port),
    offers_(offers),
    accepted_(std::move(accepted)) {}

listener::~listener() {
  home_.unwatch(fd_);
  ::close(fd_);
}

void listener::on_ready(std::uint32_t) {
  for (int i = 0; i < accepts_per_event_max; ++i) {
    int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      accepted_(fd, offers_);
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS
        || errno == ENOMEM) {
      // Level-triggered: the pending connection would wake us for ever.
      log::warning("gateway", "out of descriptors, accepting pauses")
        .with("port", port_)
        .with("why", std::strerror(errno));
      home_.rewatch(fd_, 0, this);
      paused_ = true;
      return;
    }
    if (errno != EINTR && errno != ECONNABORTED)
      return;
  }
}

void listener::resume() {
  if (!paused_)
    return;
  paused_ = false;
  home_.rewatch(fd_, EPOLLIN, this);
}

} // namespace troupe
