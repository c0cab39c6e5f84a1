/// lag: how far consumer groups are behind, and why.
#include "admin/backlog.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include <map>

namespace troupe::verbs {

namespace {

void add_by_queue(table& result, const std::string& group,
                  const group_backlog& backlog) {
  for (const auto& x : backlog.queues)
    result.rows.push_back({group, x.topic, x.queue.value, x.lag,
                           x.progress ? cell{x.progress->value} : cell{},
                           x.max.value, why_behind(backlog, x.topic, x.lag)});
}

void add_by_topic(table& result, const std::string& group,
                  const group_backlog& backlog) {
  std::map<std::string, std::int64_t> lags;
  for (const auto& x : backlog.queues)
    lags[x.topic] += x.lag;
  for (const auto& [topic, lag] : lags)
    result.rows.push_back({group, topic, lag, backlog.members.members.size(),
                           why_behind(backlog, topic, lag)});
}

} // namespace

answer lag(admin_context& context, arguments& words) {
  auto by_queue = words.flag("queues");
  auto only = words.next();
  if (auto error = words.finish())
    return error;
  std::vector<std::string> groups;
  if (only) {
    groups.push_back(*only);
  } else {
    auto all = context.ask<group_list>(context.node().directory, list_groups{});
    if (!all)
      return std::move(all.error());
    for (const auto& x : all->groups)
      groups.push_back(x.name);
  }
  table result;
  if (by_queue)
    result.columns = {"group",    "topic", "queue", "lag",
                      "progress", "end",   "reason"};
  else
    result.columns = {"group", "topic", "lag", "members", "reason"};
  for (const auto& group : groups) {
    auto backlog = backlog_of(context, group);
    if (!backlog && !only && is(backlog.error(), errc::group_not_found))
      continue; // deleted meanwhile
    if (!backlog)
      return std::move(backlog.error());
    if (by_queue)
      add_by_queue(result, group, *backlog);
    else
      add_by_topic(result, group, *backlog);
    if (result.rows.size() > limits::admin_rows_max) {
      result.rows.resize(limits::admin_rows_max);
      result.note = "there are more; name a group";
      break;
    }
  }
  if (result.rows.empty())
    result.note =
      only ? "group " + *only + " has no progress and no subscription yet"
           : "no group has progress or a subscription yet";
  return result;
}

} // namespace troupe::verbs
