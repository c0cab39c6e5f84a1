#include "admin/backlog.hpp"

#include <algorithm>

namespace troupe {

caf::expected<group_backlog> backlog_of(admin_context& context,
                                        const std::string& group) {
  auto actor = context.find_group(group);
  if (!actor)
    return std::move(actor.error());
  auto members = context.ask<group_members>(*actor, list_members{});
  if (!members)
    return std::move(members.error());
  // Bounded by the questions that it asks in turn.
  auto report = context.ask<backlog_report>(context.node().backlog,
                                            describe_backlog{group, {}},
                                            limits::admin_wait_max);
  if (!report)
    return std::move(report.error());
  return group_backlog{std::move(*members), std::move(report->rows)};
}

backlog_total total_of(const group_backlog& backlog, const std::string& topic) {
  backlog_total total;
  for (const auto& x : backlog.queues) {
    if (!topic.empty() && x.queue.topic != topic)
      continue;
    total.behind += x.behind;
    total.in_flight += x.in_flight;
    total.oldest_age_ms = std::max(total.oldest_age_ms, x.oldest_age_ms);
    total.consume_rate += x.consume_rate;
    total.arrival_rate += x.arrival_rate;
    // The worst of its queues stands for the topic: never, or the longest.
    if (x.behind == 0)
      continue;
    auto never = total.drain_ms < 0 || x.drain_ms < 0;
    total.drain_ms = never ? -1 : std::max(total.drain_ms, x.drain_ms);
    if (total.worst == nullptr || x.behind > total.worst->behind)
      total.worst = &x;
  }
  return total;
}

std::string why_behind(const group_backlog& backlog, const backlog_row& row) {
  const auto& group = *backlog.members.snapshot;
  switch (row.reason) {
    case backlog_reason::none:
      return "caught up";
    case backlog_reason::paused:
      if (!group.config.consume_enable)
        return "the group is paused; resume /group/" + group.config.name;
      return row.owner.empty()
               ? "paused: the topic may not be read"
               : "paused: " + row.owner + " lives and does not ask for more";
    case backlog_reason::slow:
      return "slow: " + row.owner + " consumes no faster than messages arrive";
    case backlog_reason::catching_up:
      return "catching up: " + row.owner + " works on it";
    case backlog_reason::no_owner:
      break;
  }
  if (!group.online)
    return "no consumer is online";
  if (group.model == message_model::broadcasting)
    return "broadcasting: consumers keep their own progress";
  if (!group.subscriptions.contains(row.queue.topic))
    return "no consumer subscribes to it any more";
  return "no owner: no consumer that is online reads this queue";
}

cell age_cell(std::int64_t age_ms) {
  return age_ms < 0 ? cell{} : cell{static_cast<double>(age_ms) / 1000};
}

cell drain_cell(std::int64_t behind, std::int64_t drain_ms) {
  return behind > 0 && drain_ms < 0
           ? cell{"never"}
           : cell{static_cast<double>(drain_ms) / 1000};
}

} // namespace troupe
