#include "gateway/connection.hpp"

#include <algorithm>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe {

namespace {

host host_of(const sockaddr_storage& address) {
  host result;
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr), 4,
                result.bytes.begin());
    result.port = ntohs(v4.sin_port);
    return result;
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&v6.sin6_addr);
  result.port = ntohs(v6.sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    std::copy_n(bytes + 12, 4, result.bytes.begin());
    return result;
  }
  std::copy_n(bytes, 16, result.bytes.begin());
  result.size = 16;
  return result;
}

} // namespace

connection::connection(connection_events& events, int fd, connection_id id,
                       service offers)
  : events_(events),
    fd_(fd),
    id_(id),
    offers_(offers) {
  int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0)
    peer_ = host_of(address);
  size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0)
    local_ = host_of(address);
  opened = last_read = now_ms();
  last_write_progress = last_read;
}

connection::~connection() {
  ::close(fd_);
}

void connection::on_ready(std::uint32_t events) {
  // Bytes may wait even when the peer has gone: serve one-way requests first.
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0) {
    if ((interest & EPOLLIN) != 0)
      events_.on_readable(*this);
    else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
      events_.on_broken(*this);
    return; // it may be gone now; writing is reported again if it is not
  }
  if ((events & EPOLLOUT) != 0)
    events_.on_writable(*this);
}

} // namespace troupe
