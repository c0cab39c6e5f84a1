/// How far a group is behind, in RocketMQ's form. Shared by GET_CONSUME_STATS
/// and GET_BROKER_CONSUME_STATS.
#pragma once

#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/group_bodies.hpp"

#include <functional>
#include <string>
#include <vector>

namespace troupe::handlers {

struct group_stats {
  std::string group;
  std::vector<remoting::consume_stats_row> rows; ///< topic by topic
  double per_second = 0;                         ///< messages consumed
};

/// Asks for `topic`, or (empty) for all topics that the group has progress in
/// or subscribes to, then calls `then` once. A group or topic that is not there
/// has no rows.
void gather_consume_stats(gateway_context& context, const std::string& group,
                          const std::string& topic,
                          std::function<void(group_stats&)> then);

} // namespace troupe::handlers
