#include "admin/backlog.hpp"

#include <map>
#include <set>

namespace troupe {

caf::expected<group_backlog> backlog_of(admin_context& context,
                                        const std::string& group) {
  auto actor = context.find_group(group);
  if (!actor)
    return std::move(actor.error());
  auto members = context.ask<group_members>(*actor, list_members{});
  if (!members)
    return std::move(members.error());
  auto offsets = context.ask<group_offsets>(*actor, list_offsets{});
  if (!offsets)
    return std::move(offsets.error());
  std::map<queue_key, queue_offset> progress;
  std::set<std::string> topics;
  for (const auto& row : offsets->rows) {
    progress.emplace(row.queue, row.offset);
    topics.insert(row.queue.topic);
  }
  for (const auto& [topic, subscription] : members->snapshot->subscriptions)
    topics.insert(topic);
  group_backlog result;
  result.members = std::move(*members);
  for (const auto& topic : topics) {
    auto view = context.find_topic(topic);
    if (!view && is(view.error(), errc::topic_not_found))
      continue; // subscribed, but nothing was ever sent, or it is deleted
    if (!view)
      return std::move(view.error());
    auto ranges = context.ranges_of(*view);
    if (!ranges)
      return std::move(ranges.error());
    for (std::size_t i = 0; i < ranges->size(); ++i) {
      queue_backlog row;
      row.topic = topic;
      row.queue = {static_cast<std::int32_t>(i)};
      row.max = (*ranges)[i].max;
      auto known = progress.find({topic, row.queue});
      if (known != progress.end())
        row.progress = known->second;
      auto from =
        std::max(row.progress.value_or(queue_offset{}), (*ranges)[i].min);
      row.lag = std::max<std::int64_t>(row.max - from, 0);
      result.queues.push_back(std::move(row));
    }
  }
  return result;
}

std::string why_behind(const group_backlog& backlog, const std::string& topic,
                       std::int64_t lag) {
  const auto& group = *backlog.members.snapshot;
  if (lag == 0)
    return "caught up";
  if (!group.config.consume_enable)
    return "the group is paused; resume /group/" + group.config.name;
  if (!group.online)
    return "no consumer is online";
  if (!group.subscriptions.contains(topic))
    return "no consumer subscribes to it any more";
  auto members = backlog.members.members.size();
  if (group.model == message_model::broadcasting)
    return "broadcasting: consumers keep their own progress";
  return std::to_string(members)
         + (members == 1 ? " consumer works" : " consumers work") + " on it";
}

} // namespace troupe
