#include "app/bench/load.hpp"

#include "remoting/command_codec.hpp"
#include "remoting/frame.hpp"
#include "storage/big_endian.hpp"

#include "troupe/units.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::app {

namespace {

using storage::load;
using storage::store;

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

caf::error failed(const std::string& doing) {
  return make_error(errc::io_failed, doing + ": " + std::strerror(errno));
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

std::string topic_name(int index) {
  return "bench-" + std::to_string(index);
}

/// One request and its answer on a connection of its own, blocking.
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

/// A request with places that are patched before each use. Numbers are written
/// with a fixed count of digits, the first of them not 0.
class request_template {
public:
  request_template(remoting::command request, std::string_view patched_key) {
    request.opaque = first_opaque;
    remoting::append_command(frame_, remoting::header_encoding::json, request);
    opaque_at_ = frame_.find(std::to_string(first_opaque));
    if (!patched_key.empty())
      key_at_ = frame_.find(patched_key);
  }

  /// Appends the frame to `out`.
  void append(std::string& out, std::int32_t index, std::uint64_t key) const {
    auto start = out.size();
    out += frame_;
    put_digits(out.data() + start + opaque_at_,
               static_cast<std::uint64_t>(first_opaque + index), 10);
    if (key_at_ != 0)
      put_digits(out.data() + start + key_at_, key, 16);
  }

  static constexpr std::int32_t first_opaque = 1'000'000'000;

private:
  static void put_digits(char* at, std::uint64_t value, int count) {
    for (int i = count - 1; i >= 0; --i, value /= 10)
      at[i] = static_cast<char>('0' + value % 10);
  }

  std::string frame_;
  std::size_t opaque_at_ = 0;
  std::size_t key_at_ = 0;
};

constexpr std::string_view key_mark = "9999999999999999";

std::string batch_body(const bench_options& options) {
  std::string one(static_cast<std::size_t>(options.body_bytes), 'b');
  std::string all;
  for (int i = 0; i < options.batch; ++i) {
    std::string head(20, '\0');
    store(head.data(), static_cast<std::uint32_t>(22 + one.size()));
    store(head.data() + 16, static_cast<std::uint32_t>(one.size()));
    all += head + one + std::string(2, '\0');
  }
  return all;
}

/// What the Java client sends.
remoting::command send_request(const bench_options& options,
                               const std::string& topic, int queue) {
  auto batch = options.batch > 1;
  auto request =
    remoting::make_request(batch ? remoting::request_code::send_batch_message
                                 : remoting::request_code::send_message_v2);
  request.fields = {{"a", "bench-producer"},
                    {"b", topic},
                    {"c", "TBW102"},
                    {"d", "8"},
                    {"e", std::to_string(queue)},
                    {"f", "0"},
                    {"g", std::to_string(now_ms().value)},
                    {"h", "0"},
                    {"i", batch ? std::string{}
                                : "UNIQ_KEY\x01"
                                  "7F00000100002A9F"
                                    + std::string{key_mark}
                                    + "\x02WAIT\x01true\x02"},
                    {"j", "0"},
                    {"k", "false"},
                    {"m", batch ? "true" : "false"}};
  request.body = payload::copy_of(
    batch ? batch_body(options)
          : std::string(static_cast<std::size_t>(options.body_bytes), 'b'));
  return request;
}

remoting::command pull_request(const std::string& topic, int queue,
                               std::int64_t offset) {
  auto request = remoting::make_request(remoting::request_code::pull_message);
  request.fields = {{"consumerGroup", "bench-consumer"},
                    {"topic", topic},
                    {"queueId", std::to_string(queue)},
                    {"queueOffset", std::to_string(offset)},
                    {"maxMsgNums", "32"},
                    {"sysFlag", "4"},
                    {"commitOffset", "0"},
                    {"suspendTimeoutMillis", "0"},
                    {"subscription", "*"},
                    {"subVersion", "0"},
                    {"expressionType", "TAG"}};
  return request;
}

/// The number behind `name` in a header; `otherwise` when it is not there.
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

/// A place for one request in flight.
struct slot {
  std::int64_t began = 0; ///< 0: free
  int target = 0;         ///< topic and queue
};

struct connection {
  ~connection() {
    if (fd >= 0)
      ::close(fd);
  }

  int fd = -1;
  std::string in;
  std::string out;
  std::size_t out_done = 0;
  bool wants_write = false;
  std::vector<slot> slots;
  std::vector<std::int32_t> free;
};

class load_run {
public:
  load_run(const bench_options& options, std::int64_t end)
    : options_(options),
      end_(end) {}

  ~load_run() {
    if (poll_ >= 0)
      ::close(poll_);
  }

  load_run(const load_run&) = delete;
  load_run& operator=(const load_run&) = delete;

  caf::error open(const std::string& at) {
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < options_.topics; ++i)
      for (int k = 0; k < options_.queues; ++k) {
        if (options_.mode == bench_mode::send)
          templates_.emplace_back(send_request(options_, topic_name(i), k),
                                  options_.batch > 1 ? std::string_view{}
                                                     : key_mark);
        targets_.push_back({topic_name(i), k, 0});
      }
    for (int i = 0; i < options_.connections; ++i) {
      auto fd = connect_to(at);
      if (!fd)
        return std::move(fd.error());
      auto made = std::make_unique<connection>();
      made->fd = *fd;
      auto window = static_cast<std::size_t>(options_.window);
      made->slots.resize(window);
      for (std::size_t k = window; k > 0; --k)
        made->free.push_back(static_cast<std::int32_t>(k - 1));
      // Non-blocking from here on.
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = made.get();
      ::epoll_ctl(poll_, EPOLL_CTL_ADD, *fd, &event);
      connections_.push_back(std::move(made));
    }
    return caf::none;
  }

  caf::error run() {
    began_ = now_ns();
    while (now_ns() < end_ || (in_flight_ > 0 && now_ns() < end_ + grace_ns)) {
      if (now_ns() < end_)
        begin_requests();
      for (auto& x : connections_)
        if (auto error = flush(*x))
          return error;
      if (auto error = wait())
        return error;
    }
    result_.seconds = static_cast<double>(end_ - began_) / 1e9;
    return caf::none;
  }

  load_result take() { return std::move(result_); }

private:
  struct target {
    std::string topic;
    int queue;
    std::int64_t offset; ///< of the next pull
  };

  static constexpr std::int64_t grace_ns = 2'000'000'000;

  void begin_requests() {
    if (options_.rate == 0) {
      auto now = now_ns();
      for (auto& x : connections_)
        while (!x->free.empty())
          begin(*x, now);
      return;
    }
    // Open loop: what is due is begun, and counts from when it was due.
    auto per_request = 1'000'000'000ll * options_.batch / options_.rate;
    if (due_ == 0)
      due_ = began_;
    for (std::size_t tried = 0;
         due_ <= now_ns() && tried < connections_.size();) {
      auto& x = *connections_[next_connection_++ % connections_.size()];
      if (x.free.empty()) {
        ++tried;
        continue;
      }
      tried = 0;
      begin(x, due_);
      due_ += per_request;
    }
  }

  void begin(connection& on, std::int64_t at) {
    auto index = on.free.back();
    on.free.pop_back();
    auto which = static_cast<int>(next_target_++ % targets_.size());
    on.slots[static_cast<std::size_t>(index)] = {at, which};
    auto& where = targets_[static_cast<std::size_t>(which)];
    if (options_.mode == bench_mode::send) {
      templates_[static_cast<std::size_t>(which)].append(on.out, index, ++key_);
    } else {
      auto request = pull_request(where.topic, where.queue, where.offset);
      request.opaque = request_template::first_opaque + index;
      remoting::append_command(on.out, remoting::header_encoding::json,
                               request);
    }
    ++in_flight_;
  }

  caf::error flush(connection& on) {
    while (on.out_done < on.out.size()) {
      auto done =
        ::send(on.fd, on.out.data() + on.out_done, on.out.size() - on.out_done,
               MSG_NOSIGNAL | MSG_DONTWAIT);
      if (done < 0 && errno == EAGAIN)
        break;
      if (done < 0)
        return failed("the connection broke");
      on.out_done += static_cast<std::size_t>(done);
    }
    auto all = on.out_done == on.out.size();
    if (all) {
      on.out.clear();
      on.out_done = 0;
    }
    if (on.wants_write == all) {
      on.wants_write = !all;
      epoll_event event{};
      event.events = all ? EPOLLIN : EPOLLIN | EPOLLOUT;
      event.data.ptr = &on;
      ::epoll_ctl(poll_, EPOLL_CTL_MOD, on.fd, &event);
    }
    return caf::none;
  }

  caf::error wait() {
    epoll_event events[256];
    timespec timeout{0, 100'000'000};
    if (options_.rate > 0)
      timeout.tv_nsec =
        std::clamp<std::int64_t>(due_ - now_ns(), 0, timeout.tv_nsec);
    auto ready = ::epoll_pwait2(poll_, events, 256, &timeout, nullptr);
    for (int i = 0; i < ready; ++i)
      if ((events[i].events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0)
        if (auto error = receive(*static_cast<connection*>(events[i].data.ptr)))
          return error;
    return caf::none;
  }

  caf::error receive(connection& on) {
    constexpr std::size_t receive_bytes = 256u << 10;
    auto old = on.in.size();
    on.in.resize(old + receive_bytes);
    auto got = ::recv(on.fd, on.in.data() + old, receive_bytes, MSG_DONTWAIT);
    on.in.resize(old + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0)
      return make_error(errc::io_failed, "the server closed a connection");
    if (got < 0 && errno != EAGAIN)
      return failed("the connection broke");
    std::string_view rest{on.in};
    auto now = now_ns();
    while (rest.size() >= 8) {
      std::size_t size = load<std::uint32_t>(rest.data()) + std::size_t{4};
      if (rest.size() < size)
        break;
      finish(on, rest.substr(0, size), now);
      rest.remove_prefix(size);
    }
    on.in.erase(0, on.in.size() - rest.size());
    return caf::none;
  }

  void finish(connection& on, std::string_view frame, std::int64_t now) {
    std::size_t head = load<std::uint32_t>(frame.data() + 4) & 0xFFFFFF;
    auto header = frame.substr(8, head);
    auto index =
      number_behind(header, "\"opaque\":", 0) - request_template::first_opaque;
    if (index < 0 || index >= options_.window)
      return; // a notice of the server's own
    auto& used = on.slots[static_cast<std::size_t>(index)];
    auto code =
      static_cast<std::int32_t>(number_behind(header, "\"code\":", -1));
    if (used.began == 0)
      return;
    ++result_.requests;
    result_.latency.add(now - used.began);
    if (options_.mode == bench_mode::send) {
      if (code == 0)
        result_.messages += options_.batch;
    } else {
      code = finish_pull(targets_[static_cast<std::size_t>(used.target)], code,
                         header, frame.substr(8 + head));
    }
    if (code != 0)
      count_failure(code, header);
    used.began = 0;
    on.free.push_back(static_cast<std::int32_t>(index));
    --in_flight_;
  }

  /// @returns the code that counts: reaching the end is no failure
  std::int32_t finish_pull(target& where, std::int32_t code,
                           std::string_view header, std::string_view body) {
    constexpr std::int32_t pull_not_found = 19;
    constexpr std::int32_t pull_offset_moved = 21;
    if (code == pull_not_found || code == pull_offset_moved) {
      where.offset = 0; // again from the start
      return 0;
    }
    if (code != 0)
      return code;
    where.offset = number_behind(header, "\"nextBeginOffset\":", 0);
    while (body.size() >= 4) {
      auto size = load<std::uint32_t>(body.data());
      if (size == 0 || size > body.size())
        break;
      ++result_.messages;
      body.remove_prefix(size);
    }
    return 0;
  }

  void count_failure(std::int32_t code, std::string_view header) {
    ++result_.failures;
    ++result_.failure_codes[code];
    if (!result_.failure_remark.empty())
      return;
    constexpr std::string_view name = "\"remark\":\"";
    auto at = header.find(name);
    if (at != header.npos) {
      auto text = header.substr(at + name.size());
      result_.failure_remark = text.substr(0, text.find('"'));
    }
  }

  const bench_options& options_;
  std::int64_t began_ = 0;
  std::int64_t end_;
  std::int64_t due_ = 0;
  int poll_ = -1;
  std::vector<request_template> templates_;
  std::vector<target> targets_;
  std::vector<std::unique_ptr<connection>> connections_;
  std::size_t next_connection_ = 0;
  std::size_t next_target_ = 0;
  std::uint64_t key_ = static_cast<std::uint64_t>(now_ms().value) * 1000;
  std::int64_t in_flight_ = 0;
  load_result result_;
};

} // namespace

caf::error make_topics(const bench_options& options, const std::string& at) {
  for (int i = 0; i < options.topics; ++i) {
    auto request =
      remoting::make_request(remoting::request_code::update_and_create_topic);
    request.fields = {{"topic", topic_name(i)},
                      {"defaultTopic", "TBW102"},
                      {"readQueueNums", std::to_string(options.queues)},
                      {"writeQueueNums", std::to_string(options.queues)},
                      {"perm", "6"},
                      {"topicFilterType", "SINGLE_TAG"},
                      {"topicSysFlag", "0"},
                      {"order", "false"}};
    auto answer = call(at, request);
    if (!answer)
      return std::move(answer.error());
    if (answer->code != 0)
      return make_error(errc::malformed_request, at + " does not make topic "
                                                   + topic_name(i) + ": "
                                                   + answer->remark);
  }
  return caf::none;
}

caf::expected<load_result> run_load(const bench_options& options,
                                    const std::string& at, double seconds) {
  auto end = now_ns() + static_cast<std::int64_t>(seconds * 1e9);
  load_run run{options, end};
  if (auto error = run.open(at))
    return error;
  if (auto error = run.run())
    return error;
  return run.take();
}

} // namespace troupe::app
