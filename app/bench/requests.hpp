/// The requests of a load, as RocketMQ's Java client makes them. They are made
/// once and only patched, so that the load costs little beside the server that
/// it measures.
#pragma once

#include "app/bench/bench_options.hpp"

#include "troupe/remoting/command.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app {

std::string topic_name(const bench_options& options, int index);

/// The group number `index`; all of them see every message.
std::string group_name(int index);

/// A queue that is sent to or, by one group, pulled from.
struct target {
  std::string topic;
  std::string group;
  int queue = 0;
  std::int64_t offset = 0; ///< of the next pull
};

/// All queues of all topics, once for each of `groups`.
std::vector<target> targets_of(const bench_options& options, int groups);

/// Numbers in a request that are patched before each use.
struct request_numbers {
  std::int32_t index = 0; ///< its opaque is `first_opaque + index`
  std::uint64_t key = 0;  ///< of its unique key
  std::uint64_t time = 0; ///< at the start of its body, ns; 0: no such place
  std::uint64_t deliver_ms = 0; ///< of a timed message: when, since 1970
};

class request_template {
public:
  explicit request_template(remoting::command request);

  /// Appends the frame to `out`.
  void append(std::string& out, const request_numbers& numbers) const;

  static constexpr std::int32_t first_opaque = 1'000'000'000;

private:
  std::string frame_;
  std::size_t opaque_at_ = 0;
  std::size_t key_at_ = 0;
  std::size_t time_at_ = 0;
  std::size_t deliver_at_ = 0;
};

/// Digits of the time at the start of a body.
inline constexpr std::size_t time_digits = 19;

enum class body_start : std::uint8_t {
  plain,
  time ///< `time_digits` digits
};

request_template send_request(const bench_options& options, const target& to,
                              body_start start);

/// @param suspend_ms  how long it may wait at the queue's end
remoting::command pull_request(const target& from, std::int32_t suspend_ms);

/// Makes the topics that the load uses; those that exist stay.
/// @param at  host:port
/// @errors io_failed, malformed_request
caf::error make_topics(const bench_options& options, const std::string& at);

} // namespace troupe::app
