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
};

using gateway_actor = client_gateway::extend<
  caf::reacts_to<append_done>, caf::reacts_to<pull_done>,
  caf::reacts_to<intercept_done>,
  caf::replies_to<set_interceptors>::with<interceptors_set>,
  caf::reacts_to<topic_changed>, caf::reacts_to<group_changed>,
  caf::replies_to<drain_gateway>::with<gateway_drained>,
  caf::reacts_to<gateway_tick>,
  caf::replies_to<describe_gateway>::with<gateway_report>>;

} // namespace troupe
