#include "backlog/backlog_state.hpp"

#include "troupe/model/topic_config.hpp"

#include <algorithm>
#include <cmath>

namespace troupe {

backlog_state::backlog_state(const progress_report& progress,
                             const std::vector<pull_seen>& pulls)
  : snapshot_(progress.members.snapshot) {
  for (const auto& row : progress.rows)
    progress_.emplace(row.queue, row);
  for (const auto& pull : pulls) {
    auto [place, fresh] = pulls_.try_emplace(pull.queue, pull);
    if (!fresh && place->second.time < pull.time)
      place->second = pull;
  }
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
  auto pull = pulls_.find(row.queue);
  const auto* last = pull == pulls_.end() ? nullptr : &pull->second;
  if (const auto* client = live_client(last)) {
    row.owner = *client;
    row.in_flight =
      std::clamp<std::int64_t>(last->offset - next, 0, row.behind);
  }
  if (row.behind == 0)
    return row;
  auto net = row.consume_rate - row.arrival_rate;
  row.drain_ms =
    net > 0 ? std::llround(static_cast<double>(row.behind) * 1000 / net) : -1;
  row.reason = reason_of(row, topic, last, now);
  return row;
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
