/// What `troupe bench` can be told.
#pragma once

#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app {

enum class bench_mode : std::uint8_t {
  send,
  pull,
  transaction, ///< half message, then its commit
  deliver,     ///< sends, and consumers wait for it
  raw,         ///< disk and loopback alone
  limit        ///< only serves, as the bare server
};

/// The name of a mode on the command line.
std::string_view name_of(bench_mode mode);

struct bench_options {
  bench_mode mode = bench_mode::send;
  std::string broker;     ///< host:port; empty: a node of our own is started
  std::string against;    ///< host:port of a second broker
  bool limit = false;     ///< measure the bare server, too
  bool intercept = false; ///< measure a node with an interceptor, too
  bool sync = false;      ///< flush of the servers that we start
  int connections = 16;
  int window = 16; ///< requests in flight per connection
  int body_bytes = 1024;
  std::string topic = "bench"; ///< names are this and a number
  int topics = 1;
  int queues = 8;
  int batch = 1;             ///< messages per request
  double duration = 5;       ///< seconds, per round
  double warmup = 1;         ///< seconds before it
  std::int64_t rate = 0;     ///< messages per second; 0: as fast as it goes
  std::int64_t messages = 0; ///< ends when they are through; 0: by duration
  bool lockstep = false;     ///< a connection asks on when all is answered
  bool ordered = false;      ///< each connection one queue, one in flight
  bool once = false;         ///< pulls each message once, then ends
  bool prepared = false;     ///< topics and backlog are there already
  int groups = 1;            ///< that pull or wait, each for all messages
  int delay_level = 0;       ///< RocketMQ's, 1 to 18; 0: at once
  std::int64_t timer_ms = 0; ///< timed messages, due so much later; 0: none
  int idle = 0;              ///< connections more, which ask nothing
  int rounds = 1;
  int pid = 0; ///< of the broker; 0: unknown
  int against_pid = 0;
  bool json = false;
  std::string directory; ///< for what we start; empty: a temporary one
};

/// Reads the arguments behind `troupe bench`.
/// @returns nothing when help was asked for and printed
/// @errors bad_config
caf::expected<std::optional<bench_options>>
parse_bench_options(const std::vector<std::string>& arguments);

} // namespace troupe::app
