#include "backlog/backlog_state.hpp"

#include "troupe/model/names.hpp"
#include "troupe/model/topic_config.hpp"

#include <algorithm>
#include <cmath>

namespace troupe {

backlog_state::backlog_state(const progress_report& progress,
                             const std::vector<pull_seen>& pulls,
                             const std::vector<pop_queue_report>& pops)
  : snapshot_(progress.members.snapshot) {
  for (const auto& row : progress.rows)
    progress_.emplace(row.queue, row);
  for (const auto& pull : pulls) {
    auto [place, fresh] = pulls_.try_emplace(pull.queue, pull);
    if (!fresh && place->second.time < pull.time)
      place->second = pull;
  }
  for (const auto& pop : pops)
    pops_.emplace(pop.queue.queue, pop);
  const auto& members = progress.members;
  for (std::size_t i = 0; i < members.members.size(); ++i)
    clients_.emplace(members.links[i].connection, members.members[i].client_id);
}

std::set<std::string> backlog_state::topics() const {
  std::set<std::string> result;
  for (const auto& [queue, row] : progress_)
    result.insert(queue.topic);
  for (const auto& [topic, wish] : snapshot_->subscriptions)
    result.insert(topic);
  return result;
}

backlog_row backlog_state::judge(const topic_config& topic,
                                 const queue_report& queue,
                                 epoch_ms now) const {
  backlog_row row;
  row.group = group();
  row.queue = {topic.name, queue.queue};
  row.min = queue.min;
  row.max = queue.max;
  row.committed = {-1};
  row.arrival_rate = queue.per_second;
  if (auto known = progress_.find(row.queue); known != progress_.end()) {
    row.committed = known->second.offset;
    row.consume_rate = known->second.per_second;
  }
  // What was deleted does not wait any more.
  auto next = std::max(row.committed, queue.min);
  row.behind = std::max<std::int64_t>(queue.max - next, 0);
  const auto* last = last_pull(row.queue);
  row.handed_to = std::max(next, last == nullptr ? next : last->offset);
  if (const auto* client = live_client(last)) {
    row.owner = *client;
    row.in_flight =
      std::clamp<std::int64_t>(last->offset - next, 0, row.behind);
  }
  // Popped messages wait for somebody, whether or not who popped them lives.
  auto popped = pops_.find(row.queue);
  if (popped != pops_.end() && popped->second.in_flight > 0) {
    row.in_flight = popped->second.in_flight;
    row.passed = popped->second.passed;
    row.behind += row.passed;
    row.handed_to = next + (row.in_flight - row.passed);
    next = std::min(next, std::max(popped->second.first, queue.min));
  }
  if (row.behind == 0)
    return row;
  row.oldest = next;
  auto net = row.consume_rate - row.arrival_rate;
  row.drain_ms =
    net > 0 ? std::llround(static_cast<double>(row.behind) * 1000 / net) : -1;
  row.reason = reason_of(row, topic, last, now);
  return row;
}

const pull_seen* backlog_state::last_pull(const queue_key& queue) const {
  // Whoever pops a topic pops what comes again of it, too.
  auto topic = names::topic_of_pop_retry(group(), queue.topic);
  auto pulled = pulls_.find(queue);
  auto popped = pulls_.find(
    {topic.empty() ? queue.topic : std::string{topic}, queue_id{-1}});
  if (pulled == pulls_.end())
    return popped == pulls_.end() ? nullptr : &popped->second;
  return popped != pulls_.end() && popped->second.time > pulled->second.time
           ? &popped->second
           : &pulled->second;
}

const std::string* backlog_state::live_client(const pull_seen* pull) const {
  if (pull == nullptr)
    return nullptr;
  auto found = clients_.find(pull->from);
  return found == clients_.end() ? nullptr : &found->second;
}

backlog_reason backlog_state::reason_of(const backlog_row& row,
                                        const topic_config& topic,
                                        const pull_seen* pull,
                                        epoch_ms now) const {
  if (!snapshot_->config.consume_enable || (topic.perm & permission::read) == 0)
    return backlog_reason::paused;
  if (row.owner.empty())
    return backlog_reason::no_owner;
  // A pull that finds something is answered at once and followed by the next.
  auto silent = now - pull->time;
  if (silent > std::chrono::milliseconds{limits::queue_owner_expiry}.count())
    return backlog_reason::paused;
  return row.consume_rate > row.arrival_rate ? backlog_reason::catching_up
                                             : backlog_reason::slow;
}

} // namespace troupe
