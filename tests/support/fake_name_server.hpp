/// A name server elsewhere: takes registrations, as late as it is told to.
#pragma once

#include "remoting/bodies/topic_bodies.hpp"
#include "remoting/command_codec.hpp"
#include "remoting/frame.hpp"

#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace troupe::test {

/// Has a thread of its own; its members are for any thread.
class fake_name_server {
public:
  fake_name_server() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof own;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&own), size) == 0);
    REQUIRE(::listen(listener_, 16) == 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&own), &size);
    address_ = "127.0.0.1:" + std::to_string(ntohs(own.sin_port));
    thread_ = std::thread{[this] { run(); }};
  }

  ~fake_name_server() {
    ended_ = true;
    thread_.join();
    for (const auto& [fd, bytes] : peers_)
      ::close(fd);
    ::close(listener_);
  }

  fake_name_server(const fake_name_server&) = delete;
  fake_name_server& operator=(const fake_name_server&) = delete;

  const std::string& address() const { return address_; }

  /// A registration counts, and is answered, so much later.
  std::atomic<std::chrono::milliseconds> delay{std::chrono::milliseconds{0}};

  /// Nothing is read or answered any more.
  std::atomic<bool> silent{false};

  /// How many registrations it has answered.
  std::atomic<int> registrations{0};

  /// Whether a client that asks now finds the topic.
  bool knows(const std::string& topic) {
    std::lock_guard guard{mutex_};
    return topics_.contains(topic);
  }

private:
  void run() {
    while (!ended_) {
      std::vector<pollfd> all{{listener_, POLLIN, 0}};
      for (const auto& [fd, bytes] : peers_)
        all.push_back({fd, POLLIN, 0});
      static constexpr int step_ms = 5;
      if (silent) {
        std::this_thread::sleep_for(std::chrono::milliseconds{step_ms});
        continue;
      }
      if (::poll(all.data(), all.size(), step_ms) <= 0 || silent)
        continue;
      if (all.front().revents != 0)
        if (int fd = ::accept(listener_, nullptr, nullptr); fd >= 0)
          peers_[fd] = {};
      for (std::size_t i = 1; i < all.size(); ++i)
        if (all[i].revents != 0)
          read(all[i].fd);
    }
  }

  void read(int fd) {
    char chunk[65536];
    auto got = ::recv(fd, chunk, sizeof chunk, 0);
    if (got <= 0) {
      ::close(fd);
      peers_.erase(fd);
      return;
    }
    auto& bytes = peers_[fd];
    bytes.append(chunk, static_cast<std::size_t>(got));
    for (;;) {
      auto bounds = remoting::find_frame(bytes);
      if (bounds.state != remoting::frame_state::complete)
        return;
      if (auto asked = remoting::decode_command(bytes.substr(0, bounds.size)))
        answer(fd, *asked);
      bytes.erase(0, bounds.size);
    }
  }

  void answer(int fd, const remoting::command& asked) {
    std::this_thread::sleep_for(delay.load());
    if (asked.code
        == static_cast<std::int32_t>(remoting::request_code::register_broker)) {
      broker_registration says;
      static_cast<void>(remoting::decode_registration(asked.body.view(), false,
                                                      asked.version, says));
      std::lock_guard guard{mutex_};
      for (const auto& topic : says.topics)
        topics_.insert(topic.name);
      ++registrations;
    }
    remoting::command done;
    done.opaque = asked.opaque;
    done.flag = remoting::flag_response;
    std::string frame;
    remoting::append_command(frame, remoting::header_encoding::json, done);
    static_cast<void>(::send(fd, frame.data(), frame.size(), MSG_NOSIGNAL));
  }

  int listener_;
  std::string address_;
  std::map<int, std::string> peers_; // by socket: what has no whole frame yet
  std::mutex mutex_;
  std::set<std::string> topics_; // guarded by mutex_
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

} // namespace troupe::test
