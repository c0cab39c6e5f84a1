/// Settings of a topic. Written by admin requests and by first use, kept in
/// LMDB, shown in routes.
#pragma once

#include "troupe/limits.hpp"
#include "troupe/units.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe {

/// What may be done with a topic: a set of these bits (PermName).
namespace permission {
inline constexpr std::int32_t inherit = 1;
inline constexpr std::int32_t write = 2;
inline constexpr std::int32_t read = 4;
inline constexpr std::int32_t read_write = read | write;
} // namespace permission

/// SINGLE_TAG or MULTI_TAG; only changes a flag of stored messages.
enum class topic_filter_type : std::uint8_t {
  single_tag,
  multi_tag
};

/// One topic. Source: RocketMQ 5.3 TopicConfig.
struct topic_config {
  std::string name;
  std::int32_t read_queues = limits::default_topic_queues;
  std::int32_t write_queues = limits::default_topic_queues;
  std::int32_t perm = permission::read_write;
  topic_filter_type filter_type = topic_filter_type::single_tag;
  std::int32_t sys_flag = 0; ///< 1 unit, 2 unit subscription
  bool order = false;
  std::map<std::string, std::string> attributes; ///< 5.x: `message.type` ...

  bool operator==(const topic_config&) const = default;
};

/// Counts changes of a table; equal versions mean equal tables.
/// Source: RocketMQ 5.3 DataVersion.
struct data_version {
  std::int64_t state_version = 0;
  std::int64_t timestamp = 0; ///< of the last change, ms since 1970 UTC
  std::int64_t counter = 0;

  bool operator==(const data_version&) const = default;
};

} // namespace troupe
