/// Messages into this node by its broker port, for the verbs that send.
#pragma once

#include "admin/admin_context.hpp"
#include "admin/broker_link.hpp"

#include <caf/expected.hpp>

#include <string>

namespace troupe {

/// Bits of sysFlag that say that, and how, a body is compressed.
inline constexpr std::int32_t compression_flags = 0x701;

struct outgoing {
  std::string topic;
  std::string body;
  std::string properties;
  std::int64_t queue = -1; ///< -1: the broker chooses
  std::int32_t sys_flag = 0;
};

struct send_receipt {
  std::int64_t queue = 0;
  std::int64_t offset = 0;
  std::string id;        ///< the unique key
  std::string offset_id; ///< names its place in the log
};

/// @errors not_supported, not_ready
caf::expected<broker_link> open_broker(admin_context& context);

/// @errors as the broker answers
caf::expected<send_receipt> send_message(broker_link& link,
                                         const outgoing& message);

} // namespace troupe
