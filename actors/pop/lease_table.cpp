#include "pop/lease_table.hpp"

#include "troupe/assert.hpp"

#include <algorithm>
#include <bit>

namespace troupe {

namespace {

queue_offset offset_of(const lease_place& place, const lease& x,
                       std::size_t i) {
  return place.first + static_cast<std::int64_t>(x.places ? x.places[i] : i);
}

/// The bit of a message; 0 when the lease has none of that offset.
std::uint32_t bit_of(const lease_place& place, const lease& x,
                     queue_offset offset) {
  for (std::size_t i = 0; i < x.count; ++i)
    if (offset_of(place, x, i) == offset)
      return 1u << i;
  return 0;
}

epoch_ms visible_at(const lease_row& row, const leased_message& message) {
  return message.visible.value != 0 ? message.visible
                                    : row.key.pop_time + row.invisible_ms;
}

bool is_settled(const lease_row& row) {
  return std::ranges::all_of(row.messages, &leased_message::acked);
}

std::int64_t count_open(const lease_row& row) {
  return std::ranges::count(row.messages, false, &leased_message::acked);
}

/// The first one not acknowledged, or the one behind the last.
queue_offset next_of(const lease_row& row) {
  auto found = std::ranges::find(row.messages, false, &leased_message::acked);
  return found != row.messages.end() ? found->offset
                                     : row.messages.back().offset + 1;
}

} // namespace

void lease_table::restore(const std::vector<lease_row>& rows) {
  for (const auto& row : rows) {
    if (row.messages.empty()
        || row.messages.size() > std::size_t(limits::pop_messages_max))
      continue;
    auto& queue = at(row.key.queue);
    if (row.revive_queue == order_revive_queue) {
      queue.in_order = std::make_unique<lease_row>(row);
      auto open = count_open(row);
      queue.in_flight += open;
      messages_ += static_cast<std::size_t>(open);
      arm_in_order(queue);
      continue;
    }
    grant taken{
      row.key.start, {}, row.key.pop_time, row.invisible_ms, row.revive_queue};
    for (const auto& message : row.messages)
      taken.offsets.push_back(message.offset);
    lend(queue, taken);
    for (const auto& message : row.messages)
      if (message.acked)
        acknowledge(row.key, message.offset);
  }
  changed_.clear(); // it is what the disk has
  removed_.clear();
}

popped_queue* lease_table::find(const pop_key& key) {
  auto found = queues_.find(key);
  return found == queues_.end() ? nullptr : &found->second;
}

popped_queue& lease_table::at(const pop_key& key) {
  auto& queue = queues_[key];
  if (queue.key.group.empty())
    queue.key = key;
  return queue;
}

void lease_table::move_to(popped_queue& queue, queue_offset next) {
  queue.next = next;
  moved_.insert(&queue);
}

// -- leases -------------------------------------------------------------------

void lease_table::lend(popped_queue& queue, const grant& taken) {
  auto count = taken.offsets.size();
  TROUPE_ASSERT(count > 0 && count <= 32, "a pop takes 1 to 32 messages");
  lease_place place{taken.start, taken.pop_time};
  if (auto old = queue.leases.find(place); old != queue.leases.end())
    end(queue, old);
  lease fresh;
  fresh.due = taken.pop_time + taken.invisible_ms;
  fresh.invisible_ms = taken.invisible_ms;
  fresh.revive_queue = static_cast<std::int16_t>(taken.revive_queue);
  fresh.count = static_cast<std::uint8_t>(count);
  fresh.popper = taken.popper;
  fresh.open = ~std::uint32_t{0} >> (32 - count);
  auto in_a_row = taken.offsets.front() == taken.start
                  && taken.offsets.back() - taken.start
                       == static_cast<std::int64_t>(count) - 1;
  if (!in_a_row) {
    fresh.places = std::make_unique<std::uint32_t[]>(count);
    for (std::size_t i = 0; i < count; ++i)
      fresh.places[i] =
        static_cast<std::uint32_t>(taken.offsets[i] - taken.start);
  }
  deadlines_.insert({fresh.due, &queue, place, false});
  queue.leases.emplace(place, std::move(fresh));
  queue.in_flight += static_cast<std::int64_t>(count);
  messages_ += count;
  changed_.insert({&queue, place});
}

void lease_table::end(popped_queue& queue,
                      std::map<lease_place, lease>::iterator which) {
  auto& [place, x] = *which;
  auto open = static_cast<std::size_t>(std::popcount(x.open));
  queue.in_flight -= static_cast<std::int64_t>(open);
  messages_ -= open;
  if (x.due.value != 0)
    deadlines_.erase({x.due, &queue, place, false});
  changed_.erase({&queue, place});
  removed_.push_back({queue.key, place.first, place.second});
  queue.leases.erase(which);
}

std::map<lease_place, lease>::iterator
lease_table::lease_of(popped_queue& queue, const lease_key& key,
                      queue_offset offset) {
  auto found = queue.leases.find({key.start, key.pop_time});
  // One that was postponed may be named by the start it had before.
  return found != queue.leases.end()
           ? found
           : queue.leases.find({offset, key.pop_time});
}

bool lease_table::is_open(const lease_key& key, queue_offset offset) {
  auto* queue = find(key.queue);
  if (queue == nullptr)
    return false;
  auto found = lease_of(*queue, key, offset);
  return found != queue->leases.end()
         && (found->second.open & bit_of(found->first, found->second, offset))
              != 0;
}

lease_found lease_table::find_open(const pop_key& key, queue_offset offset,
                                   epoch_ms now) {
  auto* queue = find(key);
  if (queue == nullptr)
    return {};
  if (const auto* row = queue->in_order.get())
    for (const auto& x : row->messages)
      if (auto until = visible_at(*row, x);
          x.offset == offset && !x.acked && until > now)
        return {true, row->key.pop_time, until, queue->in_order_popper};
  // A lease begins at or before its messages. How far before its filter says,
  // so all that begin there are looked at, the nearest first.
  auto i = queue->leases.upper_bound({offset, {INT64_MAX}});
  while (i != queue->leases.begin()) {
    const auto& [place, x] = *--i;
    if ((x.open & bit_of(place, x, offset)) != 0)
      return {true, place.second, x.due, x.popper};
  }
  return {};
}

ack_outcome lease_table::acknowledge(const lease_key& key,
                                     queue_offset offset) {
  auto* queue = find(key.queue);
  if (queue == nullptr)
    return ack_outcome::unknown;
  auto found = lease_of(*queue, key, offset);
  if (found == queue->leases.end())
    return ack_outcome::unknown;
  auto& x = found->second;
  auto bit = bit_of(found->first, x, offset);
  if ((x.open & bit) == 0)
    return ack_outcome::unknown;
  x.open &= ~bit;
  --queue->in_flight;
  --messages_;
  if (x.open == 0)
    end(*queue, found);
  else
    changed_.insert({queue, found->first});
  return ack_outcome::done;
}

ack_outcome lease_table::postpone(const lease_key& key, queue_offset offset,
                                  epoch_ms now, std::int64_t invisible_ms) {
  auto* queue = find(key.queue);
  if (queue == nullptr)
    return ack_outcome::unknown;
  auto found = lease_of(*queue, key, offset);
  // What is being revived is on its way to others already.
  if (found == queue->leases.end() || found->second.due.value == 0)
    return ack_outcome::unknown;
  auto revive_queue = found->second.revive_queue;
  auto popper = found->second.popper;
  if (acknowledge(key, offset) != ack_outcome::done)
    return ack_outcome::unknown;
  lend(*queue, {offset, {offset}, now, invisible_ms, revive_queue, popper});
  return ack_outcome::done;
}

std::int64_t lease_table::lent_before_next(const popped_queue& queue) {
  return queue.in_flight - (queue.in_order ? count_open(*queue.in_order) : 0);
}

std::optional<queue_offset> lease_table::first_open(const popped_queue& queue) {
  std::optional<queue_offset> first;
  auto consider = [&first](queue_offset offset) {
    if (!first || offset < *first)
      first = offset;
  };
  // Leases are in order of their starts, which lie before their messages.
  if (!queue.leases.empty()) {
    const auto& [place, x] = *queue.leases.begin();
    consider(
      offset_of(place, x, static_cast<std::size_t>(std::countr_zero(x.open))));
  }
  if (queue.in_order && !is_settled(*queue.in_order))
    consider(next_of(*queue.in_order));
  return first;
}

// -- leases in order ----------------------------------------------------------

std::optional<epoch_ms> lease_table::blocked_until(const popped_queue& queue,
                                                   std::string_view attempt,
                                                   epoch_ms now) const {
  const auto* row = queue.in_order.get();
  // The same attempt asks again: its answer was lost.
  if (row == nullptr || (!attempt.empty() && row->attempt == attempt))
    return {};
  epoch_ms latest;
  for (const auto& message : row->messages)
    if (!message.acked)
      latest = std::max(latest, visible_at(*row, message));
  return latest > now ? std::optional{latest} : std::nullopt;
}

void lease_table::arm_in_order(popped_queue& queue) {
  const auto& row = *queue.in_order;
  epoch_ms latest;
  for (const auto& message : row.messages)
    if (!message.acked)
      latest = std::max(latest, visible_at(row, message));
  if (latest.value != 0)
    deadlines_.insert(
      {latest, &queue, {row.key.start, row.key.pop_time}, true});
}

void lease_table::disarm_in_order(popped_queue& queue) {
  const auto& row = *queue.in_order;
  for (const auto& message : row.messages)
    deadlines_.erase({visible_at(row, message),
                      &queue,
                      {row.key.start, row.key.pop_time},
                      true});
}

void lease_table::end_in_order(popped_queue& queue) {
  const auto& row = *queue.in_order;
  disarm_in_order(queue);
  auto open = count_open(row);
  queue.in_flight -= open;
  messages_ -= static_cast<std::size_t>(open);
  changed_.erase({&queue, {row.key.start, row.key.pop_time}});
  removed_.push_back(row.key);
  queue.in_order = nullptr;
}

std::vector<std::int32_t> lease_table::lend_in_order(popped_queue& queue,
                                                     const grant& taken,
                                                     std::string attempt) {
  auto row = std::make_unique<lease_row>();
  row->key = {queue.key, taken.start, taken.pop_time};
  row->invisible_ms = taken.invisible_ms;
  row->revive_queue = order_revive_queue;
  row->attempt = std::move(attempt);
  std::vector<std::int32_t> counts;
  for (auto offset : taken.offsets) {
    leased_message message{offset, false, {}, 0};
    if (queue.in_order) {
      const auto& old = queue.in_order->messages;
      auto before = std::ranges::find(old, offset, &leased_message::offset);
      auto again =
        !row->attempt.empty() && row->attempt == queue.in_order->attempt;
      if (before != old.end())
        message.consumed = before->consumed + (again ? 0 : 1);
    }
    counts.push_back(message.consumed);
    row->messages.push_back(message);
  }
  if (queue.in_order)
    end_in_order(queue);
  queue.in_order = std::move(row);
  queue.in_order_popper = taken.popper;
  queue.in_flight += static_cast<std::int64_t>(taken.offsets.size());
  messages_ += taken.offsets.size();
  changed_.insert({&queue, {taken.start, taken.pop_time}});
  arm_in_order(queue);
  return counts;
}

ack_outcome lease_table::acknowledge_in_order(const lease_key& key,
                                              queue_offset offset) {
  auto* queue = find(key.queue);
  if (queue == nullptr || !queue->in_order
      || queue->in_order->key.pop_time != key.pop_time
      || (queue->next && offset < *queue->next))
    return ack_outcome::unknown;
  auto& row = *queue->in_order;
  auto found = std::ranges::find(row.messages, offset, &leased_message::offset);
  if (found == row.messages.end())
    return ack_outcome::illegal;
  if (found->acked)
    return ack_outcome::done;
  disarm_in_order(*queue);
  found->acked = true;
  --queue->in_flight;
  --messages_;
  move_to(*queue, next_of(row));
  if (is_settled(row)) {
    end_in_order(*queue);
  } else {
    arm_in_order(*queue);
    changed_.insert({queue, {row.key.start, row.key.pop_time}});
  }
  return ack_outcome::done;
}

ack_outcome lease_table::postpone_in_order(const lease_key& key,
                                           queue_offset offset, epoch_ms now,
                                           std::int64_t invisible_ms) {
  auto* queue = find(key.queue);
  if (queue == nullptr || !queue->in_order
      || queue->in_order->key.pop_time != key.pop_time)
    return ack_outcome::unknown;
  auto& row = *queue->in_order;
  auto found = std::ranges::find(row.messages, offset, &leased_message::offset);
  if (found == row.messages.end())
    return ack_outcome::illegal;
  disarm_in_order(*queue);
  found->visible = now + invisible_ms;
  arm_in_order(*queue);
  changed_.insert({queue, {row.key.start, row.key.pop_time}});
  return ack_outcome::done;
}

void lease_table::unblock(popped_queue& queue) {
  if (queue.in_order)
    end_in_order(queue);
}

// -- time ---------------------------------------------------------------------

std::optional<epoch_ms> lease_table::next_due() const {
  if (deadlines_.empty())
    return {};
  return deadlines_.begin()->at;
}

std::vector<due_lease> lease_table::take_due(epoch_ms now,
                                             std::size_t count_max) {
  std::vector<due_lease> result;
  while (result.size() < count_max && !deadlines_.empty()
         && deadlines_.begin()->at <= now) {
    auto due = *deadlines_.begin();
    deadlines_.erase(deadlines_.begin());
    due_lease taken{
      {due.queue->key, due.place.first, due.place.second}, {}, due.in_order};
    if (!due.in_order) {
      auto& x = due.queue->leases.at(due.place);
      x.due = {};
      for (std::size_t i = 0; i < x.count; ++i)
        if ((x.open & 1u << i) != 0)
          taken.offsets.push_back(offset_of(due.place, x, i));
    }
    result.push_back(std::move(taken));
  }
  return result;
}

void lease_table::put_back(const lease_key& key, epoch_ms due) {
  auto* queue = find(key.queue);
  if (queue == nullptr)
    return;
  lease_place place{key.start, key.pop_time};
  auto found = queue->leases.find(place);
  if (found == queue->leases.end() || found->second.due.value != 0)
    return;
  found->second.due = due;
  deadlines_.insert({due, queue, place, false});
}

// -- changes ------------------------------------------------------------------

lease_row lease_table::row_of(const popped_queue& queue,
                              const lease_place& place) const {
  auto found = queue.leases.find(place);
  if (found == queue.leases.end())
    return *queue.in_order;
  const auto& x = found->second;
  lease_row row;
  row.key = {queue.key, place.first, place.second};
  row.invisible_ms = x.invisible_ms;
  row.revive_queue = x.revive_queue;
  for (std::size_t i = 0; i < x.count; ++i)
    row.messages.push_back(
      {offset_of(place, x, i), (x.open & 1u << i) == 0, {}, 0});
  return row;
}

put_leases lease_table::take_changes() {
  put_leases result;
  result.removed = std::move(removed_);
  removed_.clear();
  for (const auto& [queue, place] : changed_)
    result.changed.push_back(row_of(*queue, place));
  changed_.clear();
  std::map<std::string, std::vector<offset_row>> progress;
  for (const auto* queue : moved_)
    progress[queue->key.group].push_back({queue->key.queue, *queue->next});
  moved_.clear();
  for (const auto& [queue, next] : copied_)
    progress[revive_group].push_back({queue, next});
  copied_.clear();
  for (auto& [group, rows] : progress)
    result.progress.push_back({group, std::move(rows)});
  return result;
}

// -- the end of names ---------------------------------------------------------

lease_table::queues_map::iterator
lease_table::forget(queues_map::iterator which) {
  auto& queue = which->second;
  while (!queue.leases.empty())
    end(queue, queue.leases.begin());
  unblock(queue);
  moved_.erase(&queue);
  return queues_.erase(which);
}

void lease_table::forget_topic(std::string_view topic) {
  for (auto i = queues_.begin(); i != queues_.end();)
    i = i->first.queue.topic == topic ? forget(i) : std::next(i);
}

void lease_table::forget_group(std::string_view group) {
  for (auto i = queues_.begin(); i != queues_.end();)
    i = i->first.group == group ? forget(i) : std::next(i);
}

void lease_table::release(const pop_key& key) {
  auto found = queues_.find(key);
  if (found == queues_.end() || moved_.contains(&found->second))
    return;
  auto& queue = found->second;
  if (queue.leases.empty() && !queue.in_order)
    queues_.erase(found);
  else
    queue.next = {};
}

void lease_table::check_invariants() const {
  std::size_t open = 0;
  std::size_t armed = 0;
  for (const auto& [key, queue] : queues_) {
    std::int64_t of_queue = 0;
    for (const auto& [place, x] : queue.leases) {
      TROUPE_ASSERT(x.open != 0, "a settled lease is gone");
      of_queue += std::popcount(x.open);
      armed += x.due.value != 0 ? 1 : 0;
    }
    if (queue.in_order)
      of_queue += count_open(*queue.in_order);
    TROUPE_ASSERT(of_queue == queue.in_flight,
                  "a queue counts what it has lent");
    open += static_cast<std::size_t>(of_queue);
  }
  TROUPE_ASSERT(open == messages_, "the table counts what it has lent");
  TROUPE_ASSERT(armed <= deadlines_.size(), "what is lent has a deadline");
}

} // namespace troupe
