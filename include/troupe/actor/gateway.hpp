/// Sockets in and out: frames to batches of messages, answers to frames. One
/// per reactor. Spawned by supervisor. Sends to every role. Never blocks.
#pragma once

#include "troupe/actor/directory.hpp"
#include "troupe/actor/interceptor.hpp"

namespace troupe {

/// Stops accepting, answers what is in flight, closes, then answers.
struct drain_gateway {};

struct gateway_drained {};

/// Closes idle and stalled connections, ends overdue calls. Its own timer.
struct gateway_tick {};

struct describe_gateway {};

struct gateway_report {
  std::size_t connections = 0;
  std::int64_t accepted = 0; ///< connections since start
  std::int64_t requests = 0; ///< since start
  std::int64_t sent_messages = 0;
  std::int64_t pulled_messages = 0;
  std::int64_t pulled_bytes = 0;
  std::int64_t refused = 0; ///< requests answered with an error
  // Of those, and of connections, by the bound that was reached:
  std::int64_t refused_memory = 0;      ///< requests: memory-max
  std::int64_t refused_answers = 0;     ///< pulls: the client does not read
  std::int64_t refused_waiting = 0;     ///< pulls: too many wait at a queue
  std::int64_t refused_connections = 0; ///< connections_max
  std::int64_t closed_stalled = 0;      ///< connections that took no answers
  std::int64_t memory_used = 0;         ///< bytes that count for memory-max
  std::int64_t memory_max = 0;
  std::int64_t waiting_pulls = 0;
};

/// The last pull of each queue by a group's clients at this gateway.
struct list_pulls {
  std::string group;
};

struct pull_seen {
  queue_key queue;
  queue_offset offset; ///< asked for: everything before was handed out
  connection_id from;
  epoch_ms time;
};

struct pulls_seen {
  std::vector<pull_seen> rows;
};

using gateway_actor = client_gateway::extend<
  caf::reacts_to<append_done>, caf::reacts_to<pull_done>,
  caf::reacts_to<intercept_done>,
  caf::replies_to<set_interceptors>::with<interceptors_set>,
  caf::reacts_to<topic_changed>, caf::reacts_to<group_changed>,
  caf::replies_to<drain_gateway>::with<gateway_drained>,
  caf::reacts_to<gateway_tick>,
  caf::replies_to<describe_gateway>::with<gateway_report>,
  caf::replies_to<list_pulls>::with<pulls_seen>>;

} // namespace troupe
