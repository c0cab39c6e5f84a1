#include "consumer_group/consumer_group_state.hpp"

#include "troupe/limits.hpp"

#include <algorithm>

namespace troupe {

namespace {

std::int64_t ms(std::chrono::milliseconds x) {
  return x.count();
}

} // namespace

consumer_group_state::consumer_group_state(group_config config,
                                           std::vector<offset_row> progress)
  : config_(std::move(config)) {
  for (auto& row : progress)
    progress_.insert_or_assign(std::move(row.queue), row.offset);
}

caf::expected<membership_change>
consumer_group_state::join(const join_group& says) {
  membership_change change;
  auto id = says.link.connection;
  if (!members_.contains(id)
      && members_.size() >= limits::members_per_group_max)
    return make_error(errc::busy, "group[" + config_.name + "] has "
                                    + std::to_string(members_.size())
                                    + " members, its bound");
  // A client that connects again takes the place of its old connection.
  auto stale = std::erase_if(members_, [&](const auto& x) {
    return x.second.who.client_id == says.who.client_id && x.first != id;
  });
  change.members = stale > 0 || !members_.contains(id)
                   || members_[id].who.client_id != says.who.client_id;
  members_[id] = {says.link, says.who};
  auto set = [&](auto& mine, auto theirs) {
    change.subscriptions |= mine != theirs;
    mine = theirs;
  };
  set(type_, says.says.type);
  set(model_, says.says.model);
  set(from_, says.says.from);
  if (!says.keep_subscriptions)
    change.subscriptions |= merge_subscriptions(says.says);
  if (change.members || change.subscriptions)
    snapshot_ = nullptr;
  return change;
}

/// A new topic is added, a newer version replaces, a topic that is not named
/// any more goes.
bool consumer_group_state::merge_subscriptions(const consumer_heartbeat& says) {
  bool topics_changed = false;
  bool changed = false;
  for (const auto& theirs : says.subscriptions) {
    auto& mine = subscriptions_[theirs.topic];
    topics_changed |= !mine;
    if (mine && mine->version >= theirs.version)
      continue;
    mine = std::make_shared<const subscription>(theirs);
    changed = true;
  }
  auto gone = std::erase_if(subscriptions_, [&](const auto& mine) {
    return std::ranges::none_of(says.subscriptions, [&](const auto& theirs) {
      return theirs.topic == mine.first;
    });
  });
  if (changed)
    snapshot_ = nullptr;
  return topics_changed || gone > 0;
}

bool consumer_group_state::is_new_fingerprint(std::int32_t fingerprint) {
  if (fingerprint == 0)
    return true;
  auto changed = fingerprint_ != 0 && fingerprint_ != fingerprint;
  fingerprint_ = fingerprint;
  return changed || subscriptions_.empty();
}

membership_change consumer_group_state::leave(const client_link& link) {
  membership_change change;
  change.members = members_.erase(link.connection) > 0;
  if (change.members)
    snapshot_ = nullptr;
  if (members_.empty())
    subscriptions_.clear();
  return change;
}

std::vector<client_link> consumer_group_state::expire(epoch_ms now) {
  std::vector<client_link> gone;
  std::erase_if(members_, [&](const auto& x) {
    if (now - x.second.who.last_seen <= ms(limits::member_expiry))
      return false;
    gone.push_back(x.second.link);
    return true;
  });
  if (!gone.empty())
    snapshot_ = nullptr;
  return gone;
}

group_members consumer_group_state::list() const {
  std::vector<const entry*> sorted;
  for (const auto& [id, x] : members_)
    sorted.push_back(&x);
  std::ranges::sort(sorted, {},
                    [](const entry* x) { return x->who.client_id; });
  group_members result;
  for (const auto* x : sorted) {
    result.members.push_back(x->who);
    result.links.push_back(x->link);
  }
  return result;
}

std::vector<client_link> consumer_group_state::links() const {
  std::vector<client_link> result;
  for (const auto& [id, x] : members_)
    result.push_back(x.link);
  return result;
}

const group_snapshot_ptr& consumer_group_state::snapshot() {
  if (!snapshot_) {
    auto fresh = std::make_shared<group_snapshot>();
    fresh->config = config_;
    fresh->online = !members_.empty();
    fresh->type = type_;
    fresh->model = model_;
    fresh->from = from_;
    fresh->subscriptions = subscriptions_;
    fresh->resets = resets_;
    snapshot_ = std::move(fresh);
  }
  return snapshot_;
}

void consumer_group_state::set_config(group_config config) {
  config_ = std::move(config);
  snapshot_ = nullptr;
}

caf::expected<queue_offset>
consumer_group_state::offset(const queue_key& queue) const {
  if (auto reset = resets_.find(queue); reset != resets_.end())
    return reset->second;
  auto found = progress_.find(queue);
  if (found == progress_.end())
    return make_error(errc::offset_not_found,
                      "Not found, maybe this group consumer boot first");
  return found->second;
}

void consumer_group_state::commit(const std::vector<offset_row>& rows,
                                  epoch_ms now) {
  for (const auto& row : rows) {
    if (row.offset.value < 0 || resets_.contains(row.queue))
      continue;
    auto [place, fresh] = progress_.try_emplace(row.queue, row.offset);
    if (!fresh && place->second == row.offset)
      continue;
    if (!fresh && row.offset > place->second)
      rates_[row.queue].add(row.offset - place->second, now);
    place->second = row.offset;
    dirty_.insert(row.queue);
  }
}

void consumer_group_state::adopt(const std::vector<offset_row>& rows,
                                 epoch_ms now) {
  for (const auto& row : rows) {
    if (resets_.contains(row.queue))
      continue;
    auto [place, fresh] = progress_.try_emplace(row.queue, row.offset);
    if (!fresh && row.offset > place->second)
      rates_[row.queue].add(row.offset - place->second, now);
    place->second = row.offset;
  }
}

std::vector<offset_row>
consumer_group_state::offsets(const std::string& topic) const {
  std::vector<offset_row> rows;
  for (const auto& [queue, offset] : progress_)
    if (topic.empty() || queue.topic == topic)
      rows.push_back({queue, offset});
  return rows;
}

std::vector<progress_row> consumer_group_state::progress(epoch_ms now) const {
  std::vector<progress_row> rows;
  rows.reserve(progress_.size());
  for (const auto& [queue, offset] : progress_) {
    auto rate = rates_.find(queue);
    rows.push_back(
      {queue, offset, rate == rates_.end() ? 0 : rate->second.per_second(now)});
  }
  return rows;
}

void consumer_group_state::reset(const std::vector<offset_row>& rows) {
  for (const auto& row : rows) {
    progress_[row.queue] = row.offset;
    dirty_.insert(row.queue);
    resets_[row.queue] = row.offset;
  }
  snapshot_ = nullptr;
}

void consumer_group_state::take_reset(const queue_key& queue) {
  if (resets_.erase(queue) > 0)
    snapshot_ = nullptr;
}

std::vector<queue_key> consumer_group_state::forget(const std::string& topic) {
  std::vector<queue_key> gone;
  auto of_topic = [&](const queue_key& queue) { return queue.topic == topic; };
  std::erase_if(progress_, [&](const auto& x) {
    if (!of_topic(x.first))
      return false;
    gone.push_back(x.first);
    return true;
  });
  std::erase_if(dirty_, of_topic);
  std::erase_if(rates_, [&](const auto& x) { return of_topic(x.first); });
  std::erase_if(resets_, [&](const auto& x) { return of_topic(x.first); });
  std::erase_if(locks_, [&](const auto& x) { return of_topic(x.first); });
  snapshot_ = nullptr;
  return gone;
}

std::vector<offset_row> consumer_group_state::take_dirty() {
  std::vector<offset_row> rows;
  for (const auto& queue : dirty_)
    if (auto found = progress_.find(queue); found != progress_.end())
      rows.push_back({queue, found->second});
  dirty_.clear();
  return rows;
}

void consumer_group_state::mark_dirty(const std::vector<offset_row>& rows) {
  for (const auto& row : rows)
    dirty_.insert(row.queue);
}

std::vector<queue_key>
consumer_group_state::lock(const std::string& client_id,
                           const std::vector<queue_key>& queues, epoch_ms now) {
  std::vector<queue_key> held;
  for (const auto& queue : queues) {
    auto& mine = locks_[queue];
    auto expired = now - mine.refreshed > ms(limits::queue_lock_expiry);
    if (!mine.client_id.empty() && mine.client_id != client_id && !expired)
      continue;
    mine = {client_id, now};
    held.push_back(queue);
  }
  return held;
}

void consumer_group_state::unlock(const std::string& client_id,
                                  const std::vector<queue_key>& queues) {
  for (const auto& queue : queues)
    if (auto found = locks_.find(queue);
        found != locks_.end() && found->second.client_id == client_id)
      locks_.erase(found);
}

bool consumer_group_state::any_locked(epoch_ms now) const {
  return std::ranges::any_of(locks_, [&](const auto& x) {
    return now - x.second.refreshed <= ms(limits::queue_lock_expiry);
  });
}

} // namespace troupe
