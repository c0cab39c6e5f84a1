/// Sockets in and out: frames to batches of messages, answers to frames. One
/// per reactor. Spawned by supervisor. Sends to every role. Never blocks.
#pragma once

#include "troupe/actor/delivery_filter.hpp"
#include "troupe/actor/directory.hpp"
#include "troupe/model/live_settings.hpp"

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
  /// All settings as they are now, `key=value` in order, RocketMQ's names.
  std::vector<std::pair<std::string, std::string>> settings;
  std::vector<kept_setting> kept_settings; ///< changed while a node ran
};

/// The last pull of each queue by a group's clients at this gateway.
struct list_pulls {
  std::string group;
};

struct pull_seen {
  queue_key queue;     ///< -1: the client pops any queue of the topic
  queue_offset offset; ///< asked for: everything before was handed out
  connection_id from;
  epoch_ms time;
};

struct pulls_seen {
  std::vector<pull_seen> rows;
};

/// Its connections, for people.
struct list_connections {
  std::string address; ///< of the client, `ip:port`; empty: all
  std::size_t count_max = limits::admin_rows_max;
};

struct connection_row {
  connection_id id;
  std::string address;       ///< of the client, `ip:port`
  std::string client_id;     ///< of its last heartbeat; empty: none has come
  bool name_server = false;  ///< it came to that port; else to the broker's
  std::uint8_t language = 0; ///< RocketMQ's code, of its first request
  std::int32_t version = 0;  ///< likewise
  epoch_ms opened;
  epoch_ms last_read;
  std::int64_t requests = 0;
  std::int64_t in_bytes = 0;
  std::int64_t out_bytes = 0;
  std::size_t in_flight = 0;        ///< requests without an answer
  std::size_t out_buffer_bytes = 0; ///< answers it has not taken yet
};

struct connection_list {
  std::vector<connection_row> rows; ///< by address
  std::size_t more = 0;             ///< that there are besides
};

/// Hands a reply to the client that waits for it, then stores it in the
/// cluster's reply topic, as SEND_REPLY_MESSAGE does.
struct push_reply {
  std::string client; ///< its id: REPLY_TO_CLIENT of the request
  std::string sender; ///< named as the producer group
  payload body;
  payload properties;
};

/// The client has taken it.
struct reply_pushed {};

using gateway_actor = client_gateway::extend<
  caf::reacts_to<append_done>, caf::reacts_to<pull_done>,
  caf::reacts_to<intercept_done>, caf::reacts_to<filter_done>,
  caf::replies_to<set_custom_links>::with<custom_links_set>,
  // Errors: producer_not_online, client_gone, client_timeout, busy.
  caf::replies_to<push_reply>::with<reply_pushed>,
  caf::reacts_to<topic_changed>, caf::reacts_to<group_changed>,
  caf::replies_to<drain_gateway>::with<gateway_drained>,
  caf::reacts_to<gateway_tick>,
  caf::replies_to<describe_gateway>::with<gateway_report>,
  caf::replies_to<list_pulls>::with<pulls_seen>,
  caf::replies_to<list_connections>::with<connection_list>>;

} // namespace troupe
