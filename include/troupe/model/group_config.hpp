/// Settings of a consumer group. Written by admin requests and by first use,
/// kept in LMDB.
#pragma once

#include "troupe/limits.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace troupe {

/// One consumer group. Source: RocketMQ 5.3 SubscriptionGroupConfig, whose
/// defaults these are.
struct group_config {
  std::string name;
  bool consume_enable = true;
  bool consume_from_min_enable = true;
  bool consume_broadcast_enable = true;
  bool consume_message_orderly = false;
  std::int32_t retry_queues = 1;
  std::int32_t retry_max_times = limits::retry_max_times;
  std::string retry_policy; ///< its JSON object; empty means CUSTOMIZED
  std::int64_t broker_id = 0;
  std::int64_t broker_id_when_slow = 1; ///< whichBrokerWhenConsumeSlowly
  bool notify_ids_changed = true;
  std::int32_t sys_flag = 0;
  std::int32_t consume_timeout_minutes = 15;
  std::map<std::string, std::string> attributes;

  bool operator==(const group_config&) const = default;
};

} // namespace troupe
