#include "admin/broker_link.hpp"

#include "remoting/command_codec.hpp"
#include "remoting/frame.hpp"

#include "troupe/limits.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe {

namespace {

caf::error not_reached(const std::string& address, std::uint16_t port,
                       const char* why) {
  return make_error(errc::not_ready, "the broker port " + address + ":"
                                       + std::to_string(port)
                                       + " does not answer: " + why);
}

} // namespace

caf::expected<broker_link> broker_link::open(const std::string& address,
                                             std::uint16_t port) {
  auto target = address == "0.0.0.0" ? "127.0.0.1"
                : address == "::"    ? "::1"
                                     : address;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (auto code = ::getaddrinfo(target.c_str(), std::to_string(port).c_str(),
                                &hints, &found);
      code != 0)
    return not_reached(target, port, ::gai_strerror(code));
  auto fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto ms = std::chrono::milliseconds{limits::ask_timeout}.count();
  timeval limit{static_cast<time_t>(ms / 1000),
                static_cast<suseconds_t>(ms % 1000 * 1000)};
  if (fd >= 0)
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  auto good = fd >= 0 && ::connect(fd, found->ai_addr, found->ai_addrlen) == 0;
  auto code = errno;
  ::freeaddrinfo(found);
  if (!good) {
    if (fd >= 0)
      ::close(fd);
    return not_reached(target, port, std::strerror(code));
  }
  return broker_link{fd};
}

broker_link::~broker_link() {
  if (fd_ >= 0)
    ::close(fd_);
}

broker_link::broker_link(broker_link&& other) noexcept
  : fd_(std::exchange(other.fd_, -1)),
    opaque_(other.opaque_),
    in_(std::move(other.in_)) {}

caf::error broker_link::write(std::string_view bytes) {
  while (!bytes.empty()) {
    auto done = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return make_error(errc::client_gone, "the broker closed the connection");
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return caf::none;
}

caf::expected<remoting::command>
broker_link::call(remoting::command request, std::chrono::milliseconds wait) {
  using clock = std::chrono::steady_clock;
  request.opaque = ++opaque_;
  std::string frame;
  remoting::append_command(frame, remoting::header_encoding::json, request);
  if (auto error = write(frame))
    return error;
  auto end = clock::now() + wait;
  for (;;) {
    auto bounds = remoting::find_frame(in_);
    if (bounds.state == remoting::frame_state::malformed)
      return make_error(errc::malformed_frame, bounds.why);
    if (bounds.state == remoting::frame_state::complete) {
      auto answer = remoting::decode_command(in_.substr(0, bounds.size));
      in_.erase(0, bounds.size);
      if (!answer
          || ((answer->flag & remoting::flag_response) != 0
              && answer->opaque == request.opaque))
        return answer;
      continue; // a notice of the broker's own
    }
    auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - clock::now());
    pollfd one{fd_, POLLIN, 0};
    auto ready =
      left.count() <= 0 ? 0 : ::poll(&one, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready <= 0)
      return make_error(errc::client_timeout, "the broker did not answer in "
                                              "time");
    char bytes[16384];
    auto got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return make_error(errc::client_gone, "the broker closed the connection");
    in_.append(bytes, static_cast<std::size_t>(got));
  }
}

} // namespace troupe
