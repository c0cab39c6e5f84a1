/// From a pull request to a row of the round, and from the queue's outcome to
/// the answer. Shared by PULL_MESSAGE and LITE_PULL_MESSAGE.
#pragma once

#include "gateway/delivering.hpp"

#include <caf/expected.hpp>

namespace troupe {

/// Bits of a pull's sysFlag. Sheet remoting 3.7.
namespace pull_flag {
inline constexpr std::int32_t commit_offset = 1;
inline constexpr std::int32_t may_park = 2;
inline constexpr std::int32_t has_subscription = 4;
} // namespace pull_flag

/// A pull request in the order of PullMessageRequestHeader.
struct pull_request {
  caller from;
  payload group;
  payload topic;
  std::int32_t queue = 0;
  std::int64_t offset = 0;
  std::int32_t messages_max = 0;
  std::int32_t sys_flag = 0;
  std::int64_t commit_offset = 0;
  std::int64_t park_ms = 0;
  payload expression;
  std::int64_t subscription_version = 0;
  payload expression_type;
  std::int32_t bytes_max = limits::pull_bytes_default;
};

/// @errors malformed_request
caf::expected<pull_request> read_pull_request(const request& asked);

/// Checks a pull, finds its group and topic and puts it into the round.
void pull(gateway_context& context, pull_request wish);

/// Answers pulls that found something or that need not wait longer.
void answer_pulls(gateway_context& context, pull_done& done);

/// Lets deliveries go on: judged by the next filter, answered, or refused.
void go_on(gateway_context& context,
           std::vector<delivery_filters::delivery> deliveries);

} // namespace troupe
