/// lag: how far consumer groups are behind, and why.
#include "admin/backlog.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include <cmath>
#include <set>

namespace troupe::verbs {

namespace {

/// Messages per second with one digit behind the point.
double rounded(double rate) {
  return std::round(rate * 10) / 10;
}

void add_by_queue(table& result, const std::string& group,
                  const group_backlog& backlog) {
  for (const auto& x : backlog.queues)
    result.rows.push_back(
      {group, x.queue.topic, x.queue.queue.value, x.behind, x.in_flight,
       x.committed.value < 0 ? cell{} : cell{x.committed.value}, x.max.value,
       age_cell(x.oldest_age_ms), rounded(x.consume_rate),
       rounded(x.arrival_rate), drain_cell(x.behind, x.drain_ms),
       x.owner.empty() ? cell{} : cell{x.owner}, why_behind(backlog, x)});
}

void add_by_topic(table& result, const std::string& group,
                  const group_backlog& backlog) {
  std::set<std::string> topics;
  for (const auto& x : backlog.queues)
    topics.insert(x.queue.topic);
  for (const auto& topic : topics) {
    auto total = total_of(backlog, topic);
    result.rows.push_back(
      {group, topic, total.behind, total.in_flight,
       age_cell(total.oldest_age_ms), rounded(total.consume_rate),
       rounded(total.arrival_rate), drain_cell(total.behind, total.drain_ms),
       backlog.members.members.size(),
       total.worst == nullptr ? "caught up"
                              : why_behind(backlog, *total.worst)});
  }
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
    result.columns = {"group",    "topic", "queue",    "lag",  "in_flight",
                      "progress", "end",   "oldest_s", "rate", "arrivals",
                      "drain_s",  "owner", "reason"};
  else
    result.columns = {"group", "topic",    "lag",     "in_flight", "oldest_s",
                      "rate",  "arrivals", "drain_s", "members",   "reason"};
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
