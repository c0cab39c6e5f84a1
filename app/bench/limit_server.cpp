#include "app/bench/limit_server.hpp"

#include "storage/big_endian.hpp"
#include "storage/crc32.hpp"

#include <cerrno>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::app {

namespace {

using storage::load;
using storage::store;

constexpr std::size_t record_head_bytes = 91;
constexpr std::size_t texts_bytes = 64; // topic and properties of our load
constexpr std::int64_t file_bytes = std::int64_t{1} << 30;
constexpr std::int32_t pull_message = 11;
constexpr std::size_t records_per_pull = 32;

struct peer {
  int fd = -1;
  std::string in; ///< of a frame that is not complete
  std::string out;
  std::size_t out_done = 0;
  bool dirty = false;
  bool wants_write = false;
};

class limit_server {
public:
  limit_server(std::string directory, bool sync)
    : directory_(std::move(directory)),
      sync_(sync) {}

  /// A new file, as a log takes a new segment: fresh pages cost more than those
  /// that are overwritten or were freed just now. Only the last ones are kept.
  bool open_file() {
    auto path =
      directory_ + "/limit-" + std::to_string(file_number_ % files_max);
    if (file_ >= 0)
      ::close(file_);
    ::unlink(path.c_str());
    file_ = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    ++file_number_;
    place_ = 0;
    return file_ >= 0 && ::posix_fallocate(file_, 0, file_bytes) == 0;
  }

  int listen() {
    listener_.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_.fd, reinterpret_cast<sockaddr*>(&address), size) != 0
        || ::listen(listener_.fd, 1024) != 0
        || ::getsockname(listener_.fd, reinterpret_cast<sockaddr*>(&address),
                         &size)
             != 0)
      return -1;
    poll_ = ::epoll_create1(0);
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
    return ntohs(address.sin_port);
  }

  void run() {
    epoll_event events[256];
    for (;;) {
      auto ready = ::epoll_wait(poll_, events, 256, -1);
      for (int i = 0; i < ready; ++i) {
        auto* which = static_cast<peer*>(events[i].data.ptr);
        if (which == &listener_)
          accept();
        else if ((events[i].events & ~static_cast<std::uint32_t>(EPOLLOUT))
                 == 0)
          mark(*which);
        else
          receive(*which);
      }
      append();
      answer();
    }
  }

private:
  void watch(peer& which, std::uint32_t events, int operation) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &which;
    ::epoll_ctl(poll_, operation, which.fd, &event);
  }

  void mark(peer& which) {
    if (which.dirty)
      return;
    which.dirty = true;
    dirty_.push_back(&which);
  }

  void accept() {
    for (;;) {
      auto fd = ::accept4(listener_.fd, nullptr, nullptr, SOCK_NONBLOCK);
      if (fd < 0)
        return;
      int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto made = std::make_unique<peer>();
      made->fd = fd;
      watch(*made, EPOLLIN, EPOLL_CTL_ADD);
      peers_.emplace(made.get(), std::move(made));
    }
  }

  void receive(peer& from) {
    auto got = ::recv(from.fd, room_.get(), receive_bytes, 0);
    if (got < 0 && errno == EAGAIN)
      return;
    if (got <= 0) {
      ::close(from.fd);
      std::erase(dirty_, &from);
      peers_.erase(&from);
      return;
    }
    std::string_view rest{room_.get(), static_cast<std::size_t>(got)};
    auto kept = !from.in.empty();
    if (kept) {
      from.in += rest;
      rest = from.in;
    }
    while (rest.size() >= 8) {
      std::size_t size = load<std::uint32_t>(rest.data()) + std::size_t{4};
      if (rest.size() < size)
        break;
      serve(from, rest.substr(0, size));
      rest.remove_prefix(size);
    }
    if (kept)
      from.in.erase(0, from.in.size() - rest.size());
    else
      from.in.assign(rest);
    if (!from.out.empty())
      mark(from);
  }

  static std::int64_t number_behind(std::string_view text,
                                    std::string_view name) {
    auto at = text.find(name);
    return at == text.npos
             ? 0
             : std::strtoll(text.data() + at + name.size(), nullptr, 10);
  }

  void serve(peer& to, std::string_view frame) {
    std::size_t head = load<std::uint32_t>(frame.data() + 4) & 0xFFFFFF;
    auto header = frame.substr(8, head);
    auto body = frame.substr(8 + head);
    auto opaque = number_behind(header, "\"opaque\":");
    if (number_behind(header, "\"code\":") == pull_message)
      return serve_pull(to, opaque);
    // A record: its head, the body with its checksum, the header's texts.
    auto old = pending_.size();
    pending_.resize(old + record_head_bytes);
    store(pending_.data() + old + 8, storage::crc32(body));
    pending_ += body;
    pending_ += header.substr(0, texts_bytes);
    body_bytes_ = body.size();
    add_answer(to, opaque,
               "{\"queueId\":\"0\",\"msgId\":\"7F00000100002A9F"
               "0000000000000000\",\"queueOffset\":\"0\"}",
               {});
  }

  /// Copies as many records of the size of those that were sent as a broker
  /// answers with.
  void serve_pull(peer& to, std::int64_t opaque) {
    auto size = record_head_bytes + texts_bytes + body_bytes_;
    if (records_.size() != records_per_pull * size) {
      records_.assign(records_per_pull * size, 'x');
      for (std::size_t i = 0; i < records_per_pull; ++i)
        store(records_.data() + i * size, static_cast<std::uint32_t>(size));
    }
    add_answer(to, opaque,
               "{\"suggestWhichBrokerId\":\"0\",\"nextBeginOffset\":\"0\","
               "\"minOffset\":\"0\",\"maxOffset\":\"1000000\"}",
               records_);
  }

  static void add_answer(peer& to, std::int64_t opaque, std::string_view fields,
                         std::string_view body) {
    auto start = to.out.size();
    to.out.append(8, '\0');
    to.out += "{\"code\":0,\"extFields\":";
    to.out += fields;
    to.out += ",\"flag\":1,\"language\":\"JAVA\",\"opaque\":";
    to.out += std::to_string(opaque);
    to.out += ",\"serializeTypeCurrentRPC\":\"JSON\",\"version\":455}";
    auto head = to.out.size() - start - 8;
    to.out += body;
    store(to.out.data() + start,
          static_cast<std::uint32_t>(to.out.size() - start - 4));
    store(to.out.data() + start + 4, static_cast<std::uint32_t>(head));
  }

  void append() {
    if (pending_.empty())
      return;
    if (place_ + static_cast<std::int64_t>(pending_.size()) > file_bytes
        && !open_file())
      std::abort();
    auto done = ::pwrite(file_, pending_.data(), pending_.size(), place_);
    if (done < 0)
      std::abort();
    place_ += done;
    pending_.clear();
    if (sync_ && ::fdatasync(file_) != 0)
      std::abort();
  }

  void answer() {
    for (auto* to : dirty_) {
      to->dirty = false;
      while (to->out_done < to->out.size()) {
        auto done = ::send(to->fd, to->out.data() + to->out_done,
                           to->out.size() - to->out_done, MSG_NOSIGNAL);
        if (done < 0)
          break; // full, or broken, which the next receive finds
        to->out_done += static_cast<std::size_t>(done);
      }
      auto all = to->out_done == to->out.size();
      if (all) {
        to->out.clear();
        to->out_done = 0;
      }
      if (to->wants_write == all) {
        to->wants_write = !all;
        watch(*to, all ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
      }
    }
    dirty_.clear();
  }

  static constexpr std::size_t receive_bytes = 256u << 10;
  static constexpr int files_max = 16;

  std::string directory_;
  bool sync_;
  int file_ = -1;
  int file_number_ = 0;
  peer listener_;
  int poll_ = -1;
  std::unique_ptr<char[]> room_{new char[receive_bytes]};
  std::unordered_map<peer*, std::unique_ptr<peer>> peers_;
  std::vector<peer*> dirty_;
  std::string pending_;
  std::string records_;
  std::size_t body_bytes_ = 1024;
  std::int64_t place_ = 0;
};

} // namespace

int run_limit_server(const std::string& directory, bool sync, int port_fd) {
  limit_server server{directory, sync};
  if (!server.open_file())
    return 1;
  auto port = server.listen();
  if (port < 0)
    return 1;
  auto text = std::to_string(port) + "\n";
  if (::write(port_fd, text.data(), text.size()) < 0)
    return 1;
  server.run();
  return 0;
}

} // namespace troupe::app
