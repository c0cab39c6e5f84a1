/// A whole node in this process, on ports that the system chooses, and a client
/// that speaks to it over a socket.
#pragma once

#include "reactor/reactor.hpp"
#include "remoting/command_codec.hpp"
#include "remoting/frame.hpp"
#include "supervisor/supervisor.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <chrono>
#include <optional>
#include <string>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::test {

/// Started when it is made, ended in order when it goes.
class node {
public:
  explicit node(const std::string& directory) {
    cast_options options;
    options.data_directory = directory;
    options.broker_name = "broker-a";
    start(std::move(options));
  }

  explicit node(cast_options options) { start(std::move(options)); }

  ~node() {
    if (cast_)
      stop();
  }

  node(const node&) = delete;
  node& operator=(const node&) = delete;

  void stop() { CHECK_FALSE(end()); }

  /// Ends it in order. @returns the first step that failed
  caf::error end() {
    auto error = stop_cast(system_, home_, *cast_);
    cast_.reset();
    return error;
  }

  std::uint16_t broker_port() const { return cast_->ports.broker; }

  std::uint16_t name_server_port() const { return cast_->ports.name_server; }

  /// Its actors, to be asked directly.
  const cast_handles& cast() const { return *cast_; }

  caf::actor_system& system() { return system_; }

private:
  struct config : caf::actor_system_config {
    config() {
      set("scheduler.policy", caf::atom("sharing"));
      set("scheduler.max-threads", std::size_t{2});
    }
  };

  void start(cast_options options) {
    options.broker_port = 0;
    options.name_server_port = 0;
    options.segment_bytes = limits::segment_bytes_min;
    auto started = start_cast(system_, home_, std::move(options), [] {});
    if (!started)
      FAIL(describe(started.error()));
    cast_ = std::move(*started);
  }

  config config_;
  caf::actor_system system_{config_};
  reactor home_{system_};
  std::optional<cast_handles> cast_;
};

/// One connection, used by one thread.
class client {
public:
  explicit client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address),
                      sizeof address)
            == 0);
  }

  ~client() { ::close(fd_); }

  client(const client&) = delete;
  client& operator=(const client&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      auto done = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (done <= 0)
        return; // the test sees that no answer comes
      bytes.remove_prefix(static_cast<std::size_t>(done));
    }
  }

  void send(remoting::command request) {
    std::string frame;
    remoting::append_command(frame, encoding, request);
    write(frame);
  }

  /// The next frame; none when none comes in time or the connection ends.
  std::optional<remoting::command>
  receive(std::chrono::milliseconds wait = std::chrono::seconds{5}) {
    auto end = std::chrono::steady_clock::now() + wait;
    for (;;) {
      auto bounds = remoting::find_frame(in_);
      if (bounds.state == remoting::frame_state::complete) {
        auto answer = remoting::decode_command(in_.substr(0, bounds.size));
        in_.erase(0, bounds.size);
        REQUIRE(answer);
        return std::move(*answer);
      }
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
      if (left.count() <= 0 || !fill(left))
        return {};
    }
  }

  /// Asks and waits for the answer to just that.
  remoting::command call(remoting::command request) {
    request.opaque = ++opaque_;
    auto opaque = request.opaque;
    send(std::move(request));
    for (;;) {
      auto answer = receive();
      REQUIRE(answer);
      if (answer->opaque == opaque
          && (answer->flag & remoting::flag_response) != 0)
        return std::move(*answer);
    }
  }

  /// Whether the other side closes the connection within `wait`.
  bool is_closed(std::chrono::milliseconds wait = std::chrono::seconds{5}) {
    auto end = std::chrono::steady_clock::now() + wait;
    while (!closed_) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
      if (left.count() <= 0)
        return false;
      fill(left);
    }
    return true;
  }

  remoting::header_encoding encoding = remoting::header_encoding::json;

private:
  bool fill(std::chrono::milliseconds wait) {
    pollfd one{fd_, POLLIN, 0};
    if (::poll(&one, 1, static_cast<int>(wait.count()) + 1) <= 0)
      return false;
    char bytes[65536];
    auto got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) {
      closed_ = true;
      return false;
    }
    in_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int fd_;
  std::int32_t opaque_ = 0;
  std::string in_;
  bool closed_ = false;
};

using fields = std::vector<std::pair<std::string, std::string>>;

inline remoting::command request(remoting::request_code code, fields values,
                                 std::string_view body = {}) {
  auto result = remoting::make_request(code);
  result.fields = std::move(values);
  result.body = payload::copy_of(body);
  return result;
}

/// SEND_MESSAGE_V2; its fields have one letter each.
inline remoting::command send_of(const std::string& topic, int queue,
                                 std::string_view body,
                                 const std::string& properties = {}) {
  return request(remoting::request_code::send_message_v2,
                 {{"a", "PG"},
                  {"b", topic},
                  {"c", "TBW102"},
                  {"d", "4"},
                  {"e", std::to_string(queue)},
                  {"f", "0"},
                  {"g", "1700000000000"},
                  {"h", "0"},
                  {"i", properties},
                  {"j", "0"},
                  {"k", "false"},
                  {"m", "false"}},
                 body);
}

/// UPDATE_AND_CREATE_TOPIC.
inline remoting::command create_of(const std::string& topic, int queues) {
  auto count = std::to_string(queues);
  return request(remoting::request_code::update_and_create_topic,
                 {{"topic", topic},
                  {"defaultTopic", "TBW102"},
                  {"readQueueNums", count},
                  {"writeQueueNums", count},
                  {"perm", "6"},
                  {"topicFilterType", "SINGLE_TAG"},
                  {"topicSysFlag", "0"},
                  {"order", "false"}});
}

inline remoting::command pull_of(const std::string& group,
                                 const std::string& topic, int queue,
                                 std::int64_t offset, int suspend_ms = 0,
                                 const std::string& expression = "*",
                                 const std::string& type = "TAG") {
  // Flags: 2 suspend, 4 the subscription comes along.
  return request(remoting::request_code::pull_message,
                 {{"consumerGroup", group},
                  {"topic", topic},
                  {"queueId", std::to_string(queue)},
                  {"queueOffset", std::to_string(offset)},
                  {"maxMsgNums", "32"},
                  {"sysFlag", suspend_ms > 0 ? "6" : "4"},
                  {"commitOffset", "0"},
                  {"suspendTimeoutMillis", std::to_string(suspend_ms)},
                  {"subscription", expression},
                  {"subVersion", "1"},
                  {"expressionType", type}});
}

} // namespace troupe::test
