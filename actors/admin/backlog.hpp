/// How far a consumer group is behind, and why: what the backlog actor says,
/// in words for a person.
#pragma once

#include "admin/admin_context.hpp"

#include "troupe/model/table.hpp"

#include <string>
#include <vector>

namespace troupe {

struct group_backlog {
  group_members members;
  std::vector<backlog_row> queues; ///< by topic and queue
};

/// @errors group_not_found; busy when the node does not answer in time
caf::expected<group_backlog> backlog_of(admin_context& context,
                                        const std::string& group);

/// Several queues together.
struct backlog_total {
  std::int64_t behind = 0;
  std::int64_t in_flight = 0;
  std::int64_t oldest_age_ms = -1;
  double consume_rate = 0;
  double arrival_rate = 0;
  std::int64_t drain_ms = 0;          ///< of the slowest queue; -1: never
  const backlog_row* worst = nullptr; ///< most messages wait in it; null: none
};

/// Of one topic, or (empty) of all.
backlog_total total_of(const group_backlog& backlog, const std::string& topic);

/// Why a queue is behind, in words.
std::string why_behind(const group_backlog& backlog, const backlog_row& row);

/// Seconds; nothing when no message waits.
cell age_cell(std::int64_t age_ms);

/// Seconds until nothing waits, or `never`.
cell drain_cell(std::int64_t behind, std::int64_t drain_ms);

} // namespace troupe
