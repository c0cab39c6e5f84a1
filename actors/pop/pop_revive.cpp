#include "pop/pop_impl.hpp"

namespace troupe {

void pop_impl::revive_due(epoch_ms time) {
  auto room = limits::revives_at_once_max
              - std::min(revivals_.size(), limits::revives_at_once_max);
  for (auto& due : table_.take_due(time, room)) {
    if (due.in_order) {
      unblocked(due.key.queue);
      continue;
    }
    revival fresh;
    const auto& key = due.key.queue;
    fresh.popper = popper_key_of(key);
    fresh.origin = fresh.popper.second;
    fresh.due = std::move(due);
    auto number = ++revivals_given_;
    auto popper = fresh.popper;
    revivals_.emplace(number, std::move(fresh));
    auto& x = popper_of(popper.first, popper.second);
    auto read = [this, number](troupe::popper& found) {
      read_leased(found, number);
    };
    if (x.ready)
      read(x);
    else
      look_up(x, read);
  }
}

void pop_impl::read_leased(popper& x, std::uint32_t number) {
  auto found = revivals_.find(number);
  if (found == revivals_.end())
    return;
  auto& mine = found->second;
  const auto& queue = mine.due.key.queue.queue;
  auto source =
    queue.topic == x.topic ? pop_source::normal : pop_source::retry_v1;
  const auto& queues = x.view_of(source).queues;
  auto place = static_cast<std::size_t>(queue.queue.value);
  if (place >= queues.size()) { // its queue is gone, and so is the message
    for (auto offset : mine.due.offsets)
      table_.acknowledge(mine.due.key, offset);
    return end_revival(number);
  }
  // Some may have been acknowledged while names were looked up.
  std::erase_if(mine.due.offsets, [&](queue_offset offset) {
    return !table_.is_open(mine.due.key, offset);
  });
  mine.reads = mine.due.offsets.size();
  for (auto offset : mine.due.offsets) {
    pull_row row;
    row.from = ticket({pull_ticket::kind::revive,
                       mine.popper,
                       {source, queue.queue},
                       number,
                       offset});
    row.offset = offset;
    row.messages_max = 1;
    send_pull(queues[place], std::move(row));
  }
  if (mine.reads == 0)
    end_revival(number);
}

void pop_impl::read_again(const pull_ticket& what, const pull_outcome& outcome,
                          std::span<const borrowed_bytes> runs) {
  auto found = revivals_.find(what.revival);
  if (found == revivals_.end())
    return;
  auto& mine = found->second;
  --mine.reads;
  auto record =
    runs.empty()
      ? caf::expected<storage::record_view>{make_error(errc::message_not_found)}
      : storage::decode_record(runs.front().view(), storage::record_check::crc);
  if (!table_.is_open(mine.due.key, what.offset)) {
    // Acknowledged at the last moment.
  } else if (record && record->offset == what.offset) {
    auto* x = find(mine.popper);
    auto limit = x != nullptr && x->snapshot
                   ? x->snapshot->config.retry_max_times
                   : limits::retry_max_times;
    auto dead = record->reconsume_times >= limit;
    const auto& lease = mine.due.key;
    auto row =
      dead ? dead_letter(*record, lease, mine.origin) : revived(*record, lease);
    // Its answer finds the message again.
    auto kind = dead ? copy_kind::dead : copy_kind::again;
    row.from.connection = {what.revival, static_cast<std::uint32_t>(kind)};
    row.from.opaque =
      static_cast<std::int32_t>(std::ranges::find(mine.due.offsets, what.offset)
                                - mine.due.offsets.begin());
    (dead ? mine.dead : mine.again).push_back(std::move(row));
  } else if (is_refusal(outcome.status)) {
    mine.failed = true;
  } else {
    log::warning("pop", "a message that was not acknowledged is gone")
      .with("group", mine.popper.first)
      .with("topic", mine.due.key.queue.queue.topic)
      .with("queue", mine.due.key.queue.queue.queue.value)
      .with("queue_offset", what.offset.value);
    table_.acknowledge(mine.due.key, what.offset);
  }
  if (mine.reads > 0)
    return;
  if (mine.again.empty() && mine.dead.empty())
    return end_revival(what.revival);
  append_again(what.revival);
}

void pop_impl::append_again(std::uint32_t number) {
  auto& mine = revivals_.at(number);
  mine.appends = mine.again.size() + mine.dead.size();
  revived_ += static_cast<std::int64_t>(mine.again.size());
  dead_ += static_cast<std::int64_t>(mine.dead.size());
  auto again = std::move(mine.again);
  auto dead = std::move(mine.dead);
  auto retry = copy_topic(mine, copy_kind::again);
  auto letters = copy_topic(mine, copy_kind::dead);
  append_to(retry, number, std::move(again));
  append_to(letters, number, std::move(dead));
}

std::string pop_impl::copy_topic(const revival& mine, copy_kind kind) {
  const auto& [group, topic] = mine.popper;
  const auto& from = mine.due.key.queue.queue.topic;
  return kind == copy_kind::dead ? names::dead_letter_topic_of(group)
         : names::is_retry_topic(from)
           ? from
           : names::pop_retry_topic_of(group, topic);
}

void pop_impl::append_to(const std::string& topic, std::uint32_t number,
                         std::vector<append_row> rows) {
  if (rows.empty())
    return;
  auto count = rows.size();
  auto batch = std::make_shared<append_batch>();
  batch->rows = std::move(rows);
  request(options_.directory, caf::infinite, find_topic{topic, {}, true})
    .then(
      [this, number, batch, count](topic_view& view) {
        auto found = revivals_.find(number);
        if (found == revivals_.end())
          return;
        if (view.queues.empty())
          return not_appended(number, count);
        auto* x = find(found->second.popper);
        if (x != nullptr && x->retry.queues.empty()
            && view.config->name
                 == names::pop_retry_topic_of(x->group, x->topic))
          x->retry = view;
        batch->reply_to = me<append_asker>();
        send(view.queues.front(), std::move(*batch));
      },
      [this, number, count](caf::error& error) {
        log::warning("pop", "a message cannot be revived yet")
          .with("why", describe(error));
        not_appended(number, count);
      });
}

void pop_impl::not_appended(std::uint32_t number, std::size_t count) {
  auto found = revivals_.find(number);
  if (found == revivals_.end())
    return;
  found->second.failed = true;
  found->second.appends -= count;
  if (found->second.appends == 0)
    end_revival(number);
}

void pop_impl::appended_again(const append_done& answer) {
  for (const auto& outcome : answer.rows) {
    auto number = outcome.from.connection.slot;
    auto found = revivals_.find(number);
    if (found == revivals_.end())
      continue;
    auto& mine = found->second;
    auto index = static_cast<std::size_t>(outcome.from.opaque);
    if (outcome.error == errc::none) {
      table_.acknowledge(mine.due.key, mine.due.offsets[index]);
      auto kind = static_cast<copy_kind>(outcome.from.connection.generation);
      table_.note_copy({copy_topic(mine, kind), {0}}, outcome.offset + 1);
    } else {
      mine.failed = true;
    }
    if (--mine.appends == 0)
      end_revival(number);
  }
}

void pop_impl::end_revival(std::uint32_t number) {
  auto node = revivals_.extract(number);
  const auto& mine = node.mapped();
  if (mine.failed)
    table_.put_back(
      mine.due.key,
      now() + std::chrono::milliseconds{limits::revive_retry}.count());
  if (table_.has_changes())
    arm_store();
  if (auto* x = find(mine.popper))
    watch(*x);
  arm();
}

// -- what a node that was killed had revived ----------------------------------

void pop_impl::find_copies(const popper_key& key, const topic_view& retry) {
  copy_queues_[key].clear();
  add_copy_queue(key, retry);
  request(options_.directory, caf::infinite,
          find_topic{names::dead_letter_topic_of(key.first), {}, false})
    .then(
      [this, key](const topic_view& view) {
        add_copy_queue(key, view);
        look_for_copies(key);
      },
      [this, key](caf::error&) { look_for_copies(key); });
}

void pop_impl::add_copy_queue(const popper_key& key, const topic_view& view) {
  if (view.queues.empty())
    return;
  auto known = copied_.find({view.config->name, {0}});
  copy_queues_[key].emplace_back(view.queues.front(), known == copied_.end()
                                                        ? queue_offset{}
                                                        : known->second);
}

void pop_impl::look_for_copies(const popper_key& key) {
  auto& queues = copy_queues_[key];
  if (queues.empty()) {
    copy_queues_.erase(key);
    restored_.erase(key);
    if (table_.has_changes())
      arm_store();
    return be_ready(key);
  }
  const auto& [queue, offset] = queues.back();
  pull_row row;
  row.from = ticket({pull_ticket::kind::copies, key, {}, 0, offset});
  row.offset = offset;
  row.messages_max = limits::pull_messages_max;
  send_pull(queue, std::move(row));
}

void pop_impl::found_copies(const pull_ticket& what,
                            const pull_outcome& outcome,
                            std::span<const borrowed_bytes> runs) {
  auto& queues = copy_queues_[what.popper];
  if (queues.empty())
    return;
  for (const auto& run : runs)
    for (auto bytes = run.view(); !bytes.empty();) {
      auto record = storage::decode_record(bytes, storage::record_check::none);
      if (!record)
        break;
      if (auto copy = copied_from(*record, what.popper.first))
        table_.acknowledge(copy->lease, copy->offset);
      bytes.remove_prefix(record->size);
    }
  // As long as it goes on, there may be more.
  if (outcome.next > outcome.asked)
    queues.back().second = outcome.next;
  else
    queues.pop_back();
  look_for_copies(what.popper);
}

} // namespace troupe
