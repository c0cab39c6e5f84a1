#include "app/bench/raw_rates.hpp"

#include "app/bench/peers.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::app {

namespace {

constexpr std::int64_t file_bytes = std::int64_t{1} << 30;

caf::error failed(const std::string& doing) {
  return make_error(errc::io_failed, doing + ": " + std::strerror(errno));
}

/// Closes what it holds.
struct descriptor {
  explicit descriptor(int value) : fd(value) {}

  ~descriptor() {
    if (fd >= 0)
      ::close(fd);
  }

  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  int fd;
};

/// Calls `once` until `seconds` have passed or it says no.
/// @returns calls per second
template <class Once>
double rate_of(double seconds, Once once) {
  auto began = now_ns();
  auto end = began + static_cast<std::int64_t>(seconds * 1e9);
  std::int64_t calls = 0;
  while (now_ns() < end && once())
    ++calls;
  return static_cast<double>(calls) * 1e9
         / static_cast<double>(now_ns() - began);
}

/// Writes blocks one behind the other into a file that has its space already.
caf::expected<double> write_rate(const std::string& path, std::size_t block,
                                 double seconds, bool sync) {
  descriptor file{::open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR, 0644)};
  if (file.fd < 0)
    return failed("cannot open " + path);
  ::unlink(path.c_str());
  if (auto rc = ::posix_fallocate(file.fd, 0, file_bytes); rc != 0) {
    errno = rc;
    return failed("cannot reserve 1 GiB in " + path);
  }
  std::vector<char> bytes(block, 'x');
  std::int64_t place = 0;
  return rate_of(seconds, [&] {
    auto size = static_cast<std::int64_t>(block);
    if (place + size > file_bytes)
      return false;
    auto done = ::pwrite(file.fd, bytes.data(), block, place);
    place += size;
    return done == size && (!sync || ::fdatasync(file.fd) == 0);
  });
}

/// Receives exactly `size` bytes.
bool receive_all(int fd, char* to, std::size_t size) {
  while (size > 0) {
    auto got = ::recv(fd, to, size, 0);
    if (got <= 0)
      return false;
    to += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

/// Runs `near` and `far` on the two ends of a TCP connection.
caf::error over_loopback(const std::function<void(int)>& near,
                         const std::function<void(int)>& far) {
  descriptor listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.fd, generic, size) != 0 || ::listen(listener.fd, 1) != 0
      || ::getsockname(listener.fd, generic, &size) != 0)
    return failed("cannot listen on loopback");
  auto fd = connect_to("127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  if (!fd)
    return std::move(fd.error());
  descriptor connected{*fd};
  descriptor accepted{::accept(listener.fd, nullptr, nullptr)};
  if (accepted.fd < 0)
    return failed("cannot accept on loopback");
  int on = 1;
  ::setsockopt(accepted.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::thread other{far, accepted.fd};
  near(connected.fd);
  ::shutdown(connected.fd, SHUT_RDWR);
  other.join();
  return caf::none;
}

} // namespace

caf::expected<raw_rates> measure_raw_rates(const std::string& directory,
                                           double seconds) {
  constexpr std::size_t big = 64u << 10;
  constexpr std::size_t page = 4u << 10;
  constexpr std::size_t small = 256;
  constexpr std::size_t trip = 128;
  raw_rates result;
  auto path = directory + "/raw";
  auto blocks = write_rate(path, big, seconds, false);
  auto writes = write_rate(path, small, seconds, false);
  auto syncs = write_rate(path, page, seconds, true);
  for (auto* x : {&blocks, &writes, &syncs})
    if (!*x)
      return std::move(x->error());
  result.write_bytes_per_second = *blocks * static_cast<double>(big);
  result.small_writes_per_second = *writes;
  result.syncs_per_second = *syncs;
  auto echo = [](int fd) {
    std::array<char, trip> bytes;
    while (receive_all(fd, bytes.data(), bytes.size()))
      if (::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0)
        return;
  };
  auto ask = [&](int fd) {
    std::array<char, trip> bytes{};
    result.loopback_trips_per_second = rate_of(seconds, [&] {
      return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0
             && receive_all(fd, bytes.data(), bytes.size());
    });
  };
  if (auto error = over_loopback(ask, echo))
    return error;
  auto drain = [](int fd) {
    std::vector<char> bytes(big);
    while (::recv(fd, bytes.data(), bytes.size(), 0) > 0)
      ;
  };
  auto pour = [&](int fd) {
    std::vector<char> bytes(big, 'x');
    result.loopback_bytes_per_second =
      static_cast<double>(big) * rate_of(seconds, [&] {
        return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL)
               == static_cast<ssize_t>(bytes.size());
      });
  };
  if (auto error = over_loopback(pour, drain))
    return error;
  return result;
}

} // namespace troupe::app
