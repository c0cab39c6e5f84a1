/// Names of topics and groups: which are legal, which belong to the system.
/// Source: RocketMQ 5.3 TopicValidator, MixAll; sheet remoting 5.8.
#pragma once

#include "troupe/limits.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace troupe::names {

inline constexpr std::string_view retry_prefix = "%RETRY%";
inline constexpr std::string_view dead_letter_prefix = "%DLQ%";
inline constexpr std::string_view system_topic_prefix = "rmq_sys_";
inline constexpr std::string_view system_group_prefix = "CID_RMQ_SYS_";

inline constexpr std::string_view auto_create_topic = "TBW102";
inline constexpr std::string_view schedule_topic = "SCHEDULE_TOPIC_XXXX";
inline constexpr std::string_view half_topic = "RMQ_SYS_TRANS_HALF_TOPIC";
inline constexpr std::string_view half_op_topic = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
inline constexpr std::string_view check_max_topic =
  "TRANS_CHECK_MAX_TIME_TOPIC";
inline constexpr std::string_view timer_topic = "rmq_sys_wheel_timer";
inline constexpr std::string_view trace_topic = "RMQ_SYS_TRACE_TOPIC";
inline constexpr std::string_view self_test_topic = "SELF_TEST_TOPIC";
inline constexpr std::string_view offset_moved_topic = "OFFSET_MOVED_EVENT";
inline constexpr std::string_view benchmark_topic = "BenchmarkTest";

/// The topic that keeps the replies to a cluster's requests.
inline std::string reply_topic_of(std::string_view cluster) {
  return std::string{cluster}.append("_REPLY_TOPIC");
}

/// `%RETRY%` followed by the group's name.
inline std::string retry_topic_of(std::string_view group) {
  return std::string{retry_prefix}.append(group);
}

/// `%DLQ%` followed by the group's name.
inline std::string dead_letter_topic_of(std::string_view group) {
  return std::string{dead_letter_prefix}.append(group);
}

/// The topic that a group's pops of `topic` are revived to: `%RETRY%`, group,
/// `_`, topic. RocketMQ calls it version 1.
inline std::string pop_retry_topic_of(std::string_view group,
                                      std::string_view topic) {
  return retry_topic_of(group).append(1, '_').append(topic);
}

/// The same with `+` between them, as newer RocketMQs may be told to name it.
inline std::string pop_retry_topic_v2_of(std::string_view group,
                                         std::string_view topic) {
  return retry_topic_of(group).append(1, '+').append(topic);
}

inline bool is_retry_topic(std::string_view topic) {
  return topic.starts_with(retry_prefix);
}

/// The topic whose pops by `group` are revived to that retry topic; empty when
/// it is none of that group.
inline std::string_view topic_of_pop_retry(std::string_view group,
                                           std::string_view topic) {
  auto prefix = pop_retry_topic_of(group, {});
  return topic.starts_with(prefix) ? topic.substr(prefix.size())
                                   : std::string_view{};
}

inline bool is_dead_letter_topic(std::string_view topic) {
  return topic.starts_with(dead_letter_prefix);
}

/// The group of a retry topic; empty for other topics.
inline std::string_view group_of_retry_topic(std::string_view topic) {
  return is_retry_topic(topic) ? topic.substr(retry_prefix.size())
                               : std::string_view{};
}

/// Whether every character is one of `% | - _ 0-9 A-Z a-z` and there is one.
inline bool has_legal_characters(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
           || (c >= 'A' && c <= 'Z') || c == '%' || c == '|' || c == '-'
           || c == '_';
  });
}

/// Why `topic` is no legal topic name; empty when it is legal.
inline std::string why_bad_topic(std::string_view topic) {
  if (topic.find_first_not_of(" \t\r\n") == topic.npos)
    return "the specified topic is blank";
  if (!has_legal_characters(topic))
    return "the specified topic[" + std::string{topic}
           + "] contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$";
  auto longest = is_retry_topic(topic) || is_dead_letter_topic(topic)
                   ? limits::retry_topic_bytes_max
                   : limits::topic_bytes_max;
  if (topic.size() > longest)
    return "the specified topic is longer than topic max length "
           + std::to_string(longest);
  return {};
}

/// Why `group` is no legal group name; empty when it is legal.
inline std::string why_bad_group(std::string_view group) {
  if (group.find_first_not_of(" \t\r\n") == group.npos)
    return "the specified group is blank";
  if (!has_legal_characters(group))
    return "the specified group[" + std::string{group}
           + "] contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$";
  if (group.size() > limits::group_bytes_max)
    return "the specified group is longer than group max length "
           + std::to_string(limits::group_bytes_max);
  return {};
}

/// Topics of the broker itself, which admin requests may not change.
inline bool is_system_topic(std::string_view topic) {
  static constexpr std::array fixed{
    auto_create_topic, schedule_topic,     half_topic,
    half_op_topic,     check_max_topic,    trace_topic,
    self_test_topic,   offset_moved_topic, benchmark_topic,
  };
  return topic.starts_with(system_topic_prefix)
         || std::ranges::find(fixed, topic) != fixed.end();
}

/// Topics that clients may not send to.
inline bool is_forbidden_to_send(std::string_view topic) {
  static constexpr std::array forbidden{
    schedule_topic,  half_topic,         half_op_topic, check_max_topic,
    self_test_topic, offset_moved_topic, timer_topic,
  };
  return std::ranges::find(forbidden, topic) != forbidden.end();
}

/// Groups of the broker itself, created whether or not groups are created on
/// first use.
inline bool is_system_group(std::string_view group) {
  return group.starts_with(system_group_prefix);
}

} // namespace troupe::names
