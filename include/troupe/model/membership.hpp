/// Who is in a consumer or producer group: what heartbeats say.
/// Source: RocketMQ 5.3 HeartbeatData, ConsumerData, ProducerData.
#pragma once

#include "troupe/model/subscription.hpp"
#include "troupe/units.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

enum class consume_type : std::uint8_t {
  actively,
  passively,
  pop
};

enum class message_model : std::uint8_t {
  broadcasting,
  clustering
};

enum class consume_from : std::uint8_t {
  last_offset,
  first_offset,
  timestamp
};

/// One consumer group in a heartbeat.
struct consumer_heartbeat {
  std::string group;
  consume_type type = consume_type::passively;
  message_model model = message_model::clustering;
  consume_from from = consume_from::last_offset;
  std::vector<subscription> subscriptions;
  bool unit_mode = false;
};

/// A whole heartbeat.
struct heartbeat {
  std::string client_id;
  std::vector<consumer_heartbeat> consumers;
  std::vector<std::string> producer_groups;
  std::int32_t fingerprint = 0;       ///< heartbeat v2; 0 means v1
  bool without_subscriptions = false; ///< keep what was told before
};

/// What is known of one live client of a group.
struct member {
  std::string client_id;
  std::string address;       ///< `ip:port` of its connection
  std::uint8_t language = 0; ///< RocketMQ's language code
  std::int32_t version = 0;  ///< RocketMQ's version ordinal
  epoch_ms last_seen;
};

} // namespace troupe
