#include "app/bench/peers.hpp"

#include "remoting/command_codec.hpp"
#include "remoting/frame.hpp"
#include "storage/big_endian.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::app {

namespace {

caf::error failed(const std::string& doing) {
  return make_error(errc::io_failed, doing + ": " + std::strerror(errno));
}

} // namespace

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

caf::expected<int> connect_to(const std::string& at) {
  auto colon = at.rfind(':');
  if (colon == at.npos)
    return make_error(errc::bad_config,
                      "`" + at + "` is no address; write host:port");
  auto name = at.substr(0, colon);
  auto port = at.substr(colon + 1);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (auto rc = ::getaddrinfo(name.c_str(), port.c_str(), &hints, &found);
      rc != 0)
    return make_error(errc::bad_config,
                      "cannot look up " + name + ": " + ::gai_strerror(rc));
  int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto done = ::connect(fd, found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  if (done != 0) {
    auto error =
      failed("no server answers at " + at + " (start one with `troupe node`)");
    ::close(fd);
    return error;
  }
  int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

caf::expected<remoting::command> call(const std::string& at,
                                      const remoting::command& request) {
  auto fd = connect_to(at);
  if (!fd)
    return std::move(fd.error());
  std::string frame;
  remoting::append_command(frame, remoting::header_encoding::json, request);
  std::string in;
  auto answered = ::send(*fd, frame.data(), frame.size(), MSG_NOSIGNAL) > 0;
  while (answered
         && remoting::find_frame(in).state
              == remoting::frame_state::incomplete) {
    char bytes[4096];
    auto got = ::recv(*fd, bytes, sizeof bytes, 0);
    answered = got > 0;
    if (answered)
      in.append(bytes, static_cast<std::size_t>(got));
  }
  auto error = failed("no answer from " + at);
  ::close(*fd);
  if (!answered)
    return error;
  return remoting::decode_command(in);
}

std::int64_t number_behind(std::string_view header, std::string_view name,
                           std::int64_t otherwise) {
  auto at = header.find(name);
  if (at == header.npos)
    return otherwise;
  const auto* digits = header.data() + at + name.size();
  if (*digits == '"')
    ++digits;
  return std::strtoll(digits, nullptr, 10);
}

peers::~peers() {
  for (auto& x : all_)
    ::close(x->fd);
  if (poll_ >= 0)
    ::close(poll_);
}

caf::error peers::open(const std::string& at, int count) {
  if (poll_ < 0)
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < count; ++i) {
    auto fd = connect_to(at);
    if (!fd)
      return std::move(fd.error());
    auto made = std::make_unique<peer>();
    made->index = all_.size();
    made->fd = *fd;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = made.get();
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, *fd, &event);
    all_.push_back(std::move(made));
  }
  return caf::none;
}

caf::error peers::flush() {
  for (auto& x : all_)
    if (!x->out.empty())
      if (auto error = flush(*x))
        return error;
  return caf::none;
}

caf::error peers::flush(peer& to) {
  while (to.out_done < to.out.size()) {
    auto done =
      ::send(to.fd, to.out.data() + to.out_done, to.out.size() - to.out_done,
             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0 && errno == EAGAIN)
      break;
    if (done < 0)
      return failed("the connection broke");
    to.out_done += static_cast<std::size_t>(done);
  }
  auto all = to.out_done == to.out.size();
  if (all) {
    to.out.clear();
    to.out_done = 0;
  }
  if (to.wants_write == all) {
    to.wants_write = !all;
    epoll_event event{};
    event.events = all ? EPOLLIN : EPOLLIN | EPOLLOUT;
    event.data.ptr = &to;
    ::epoll_ctl(poll_, EPOLL_CTL_MOD, to.fd, &event);
  }
  return caf::none;
}

caf::error peers::wait(std::int64_t nanoseconds, const frame_handler& handle) {
  constexpr std::int64_t wait_max_ns = 100'000'000;
  epoll_event events[256];
  timespec timeout{0, std::clamp<std::int64_t>(nanoseconds, 0, wait_max_ns)};
  auto ready = ::epoll_pwait2(poll_, events, 256, &timeout, nullptr);
  for (int i = 0; i < ready; ++i)
    if ((events[i].events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0)
      if (auto error = receive(*static_cast<peer*>(events[i].data.ptr), handle))
        return error;
  return caf::none;
}

caf::error peers::receive(peer& from, const frame_handler& handle) {
  constexpr std::size_t room_bytes = 256u << 10;
  if (!room_)
    room_.reset(new char[room_bytes]);
  auto got = ::recv(from.fd, room_.get(), room_bytes, MSG_DONTWAIT);
  if (got == 0)
    return make_error(errc::io_failed, "the server closed a connection");
  if (got < 0)
    return errno == EAGAIN ? caf::error{} : failed("the connection broke");
  std::string_view rest{room_.get(), static_cast<std::size_t>(got)};
  auto kept = !from.in.empty();
  if (kept) {
    from.in += rest;
    rest = from.in;
  }
  while (rest.size() >= 8) {
    std::size_t size =
      storage::load<std::uint32_t>(rest.data()) + std::size_t{4};
    if (rest.size() < size)
      break;
    std::size_t head = storage::load<std::uint32_t>(rest.data() + 4) & 0xFFFFFF;
    handle(from.index, rest.substr(8, head),
           rest.substr(8 + head, size - 8 - head));
    rest.remove_prefix(size);
  }
  if (kept)
    from.in.erase(0, from.in.size() - rest.size());
  else
    from.in.assign(rest);
  return caf::none;
}

} // namespace troupe::app
