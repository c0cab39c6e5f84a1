#include "pop/pop_impl.hpp"

namespace troupe {

caf::typed_response_promise<pop_result> pop_impl::pop(pop_messages& wish) {
  open_pop fresh;
  fresh.promise = make_response_promise<pop_result>();
  auto promise = fresh.promise;
  fresh.number = ++numbers_;
  fresh.wish = std::move(wish);
  release_idle();
  auto& x = popper_of(fresh.wish.group, fresh.wish.topic);
  x.line.push_back(std::move(fresh));
  run(x);
  return promise;
}

popper& pop_impl::popper_of(const std::string& group,
                            const std::string& topic) {
  auto& x = poppers_[{group, topic}];
  if (x.group.empty()) {
    x.group = group;
    x.topic = topic;
  }
  x.used = now();
  return x;
}

void pop_impl::release_idle() {
  auto idle = std::chrono::milliseconds{limits::pop_idle}.count();
  auto time = now();
  if (time - released_ < idle && poppers_.size() < limits::popped_topics_max)
    return;
  released_ = time;
  std::erase_if(poppers_, [&](const auto& entry) {
    const auto& x = entry.second;
    if (x.running || x.looking_up || !x.line.empty() || !x.waiting.empty()
        || time - x.used < idle)
      return false;
    auto queues = std::max(x.view.queues.size(), x.retry.queues.size());
    for (std::size_t i = 0; i < queues; ++i)
      for (auto source : {pop_source::normal, pop_source::retry_v1})
        table_.release(key_of(x, {source, {static_cast<std::int32_t>(i)}}));
    return true;
  });
}

popper* pop_impl::find(const popper_key& key) {
  auto found = poppers_.find(key);
  return found == poppers_.end() ? nullptr : &found->second;
}

void pop_impl::run(popper& x) {
  if (x.running && is_stuck(x)) {
    x.ready = false; // its queue has died: look for the new one
    x.watched.clear();
    return fail_running(
      x, make_error(errc::busy, "a queue of topic[" + x.topic
                                  + "] does not answer; retry in some "
                                    "seconds"));
  }
  if (x.running || x.line.empty())
    return;
  if (!x.ready)
    return look_up(x, [this](popper& found) { run(found); });
  x.running = true;
  auto& open = x.line.front();
  if (open.wish.purpose == pop_purpose::take
      && !table_.has_room(static_cast<std::size_t>(open.wish.messages_max)))
    return fail_running(
      x, make_error(errc::busy,
                    std::to_string(table_.messages())
                      + " messages are popped and not acknowledged, the "
                        "bound of the broker; acknowledge some, or wait "
                        "until their time is over"));
  open.result = {};
  open.result.pop_time = now();
  open.result.revive_queue =
    open.wish.order == pop_order::in_order
      ? order_revive_queue
      : static_cast<std::int32_t>(
        pops_++ % static_cast<std::uint64_t>(limits::pop_revive_queues));
  open.plan = plan_of(x, open.wish);
  open.at = 0;
  open.messages = 0;
  open.scans = 0;
  open.closed.clear();
  x.step_began = now();
  take_resets(x);
  step(x);
}

bool pop_impl::is_stuck(const popper& x) const {
  return now() - x.step_began
         > std::chrono::milliseconds{limits::pop_step_timeout}.count();
}

std::vector<pop_target> pop_impl::plan_of(const popper& x,
                                          const pop_messages& wish) {
  auto draw = static_cast<std::int32_t>(chance_() % 100);
  std::vector<pop_target> plan;
  auto queues = x.view.config->read_queues;
  if (wish.queue.value >= 0)
    plan.push_back({pop_source::normal, wish.queue});
  else
    for (std::int32_t i = 0; i < queues; ++i)
      plan.push_back({pop_source::normal, {(draw + i) % queues}});
  if (x.retry.queues.empty() || wish.order == pop_order::in_order)
    return plan;
  auto first = draw < limits::pop_retry_percent;
  plan.insert(first ? plan.begin() : plan.end(), {pop_source::retry_v1, {0}});
  return plan;
}

pop_key pop_impl::key_of(const popper& x, const pop_target& target) const {
  return {x.group,
          {target.source == pop_source::normal
             ? x.topic
             : names::pop_retry_topic_of(x.group, x.topic),
           target.queue}};
}

void pop_impl::take_resets(popper& x) {
  if (x.snapshot->resets.empty())
    return;
  for (const auto& target : x.line.front().plan) {
    auto key = key_of(x, target);
    auto reset = x.snapshot->resets.find(key.queue);
    if (reset == x.snapshot->resets.end())
      continue;
    auto& queue = table_.at(key);
    table_.unblock(queue);
    table_.move_to(queue, reset->second);
    // The group must not take our progress for an old one.
    send(x.group_actor, take_reset{key.queue});
  }
}

void pop_impl::step(popper& x) {
  auto& open = x.line.front();
  while (open.at < open.plan.size() && !is_full(open)) {
    const auto& target = open.plan[open.at];
    const auto& queues = x.view_of(target.source).queues;
    auto place = static_cast<std::size_t>(target.queue.value);
    if (target.queue.value < 0 || place >= queues.size()) {
      ++open.at;
      continue;
    }
    auto& queue = table_.at(key_of(x, target));
    if (!queue.next)
      return begin_queue(x, queue, queues[place]);
    if (open.wish.order == pop_order::in_order
        && open.wish.purpose != pop_purpose::peek
        && table_.blocked_until(queue, open.wish.attempt, now())) {
      open.closed.push_back(target);
      ++open.at;
      continue;
    }
    x.step_began = now();
    return pull(x, target, queues[place], *queue.next);
  }
  finish(x);
}

bool pop_impl::is_full(const open_pop& open) {
  return open.messages >= open.wish.messages_max
         || static_cast<std::int32_t>(open.result.records.size())
              >= limits::pull_bytes_default;
}

void pop_impl::pull(popper& x, const pop_target& target,
                    const queue_actor& queue, queue_offset offset) {
  const auto& open = x.line.front();
  pull_row row;
  row.from =
    ticket({pull_ticket::kind::step, {x.group, x.topic}, target, 0, offset});
  row.offset = offset;
  row.messages_max = open.wish.messages_max - open.messages;
  row.bytes_max = limits::pull_bytes_default;
  // Who filters has filtered before: what comes again is for all tags.
  if (target.source == pop_source::normal)
    row.filter = open.wish.filter;
  send_pull(queue, std::move(row));
}

caller pop_impl::ticket(pull_ticket what) {
  caller from;
  from.connection.slot = ++tickets_given_;
  tickets_[from.connection.slot] = std::move(what);
  return from;
}

void pop_impl::send_pull(const queue_actor& queue, pull_row row) {
  pull_batch batch;
  batch.rows.push_back(std::move(row));
  batch.reply_to = me<pull_asker>();
  send(queue, std::move(batch));
}

void pop_impl::begin_queue(popper& x, const popped_queue& queue,
                           const queue_actor& actor) {
  x.step_began = now();
  popper_key key{x.group, x.topic};
  auto name = queue.key;
  auto number = x.line.front().number;
  auto begin = [this, key, name, number](queue_offset offset,
                                         bool is_progress) {
    auto* found = running(key, number);
    if (found == nullptr)
      return;
    auto& mine = table_.at(name);
    if (!mine.next) {
      mine.next = offset;
      if (!is_progress && found->line.front().wish.purpose == pop_purpose::take)
        table_.move_to(mine, offset);
    }
    step(*found);
  };
  auto failed = [this, key, number](caf::error& error) {
    if (auto* found = running(key, number))
      fail_running(*found, error);
  };
  auto from_max = x.line.front().wish.start == pop_start::max
                  && !names::is_retry_topic(name.queue.topic);
  request(x.group_actor, limits::ask_timeout, query_offset{name.queue})
    .then([begin](const group_offset& found) { begin(found.offset, true); },
          [this, begin, failed, actor, from_max](caf::error& error) {
            if (!is(error, errc::offset_not_found))
              return failed(error);
            request(actor, limits::ask_timeout, query_range{})
              .then(
                [begin, from_max](const queue_range& range) {
                  // A young queue is read whole; else from its last one.
                  auto offset = range.min;
                  if (from_max && range.min.value > 0)
                    offset = std::max(range.max + -1, range.min);
                  begin(offset, false);
                },
                failed);
          });
}

popper* pop_impl::running(const popper_key& key, std::uint64_t number) {
  auto* x = find(key);
  return x != nullptr && x->running && x->line.front().number == number
           ? x
           : nullptr;
}

void pop_impl::pulled(const pull_done& answer) {
  for (const auto& outcome : answer.rows) {
    auto found = tickets_.find(outcome.from.connection.slot);
    if (found == tickets_.end())
      continue;
    auto what = std::move(found->second);
    tickets_.erase(found);
    auto runs = std::span{answer.runs}.subspan(outcome.first_run, outcome.runs);
    switch (what.what) {
      case pull_ticket::kind::step:
        looked(what, outcome, runs);
        break;
      case pull_ticket::kind::watch:
        wake(what, outcome.status);
        break;
      case pull_ticket::kind::copies:
        found_copies(what, outcome, runs);
        break;
      case pull_ticket::kind::revive:
        read_again(what, outcome, runs);
        break;
    }
  }
}

void pop_impl::looked(const pull_ticket& what, const pull_outcome& outcome,
                      std::span<const borrowed_bytes> runs) {
  auto* x = find(what.popper);
  if (x == nullptr || !x->running)
    return;
  auto& open = x->line.front();
  if (open.at >= open.plan.size() || open.plan[open.at] != what.target)
    return; // too late: the pop has moved on
  auto& queue = table_.at(key_of(*x, what.target));
  auto takes = open.wish.purpose == pop_purpose::take;
  auto again = false;
  switch (outcome.status) {
    case pull_status::found:
      take(*x, what, outcome, runs);
      break;
    case pull_status::no_matched_message:
    case pull_status::offset_too_small:
      again =
        outcome.next != outcome.asked && ++open.scans < limits::pop_scans_max;
      if (takes)
        move_past(queue, open, outcome.next);
      else
        queue.next = outcome.next;
      break;
    case pull_status::offset_overflow_badly:
      table_.move_to(queue, outcome.next);
      break;
    case pull_status::busy:
    case pull_status::failed:
      open.closed.push_back(what.target);
      break;
    case pull_status::no_matched_logic_queue:
    case pull_status::no_message_in_queue:
    case pull_status::offset_overflow_one:
      break;
  }
  if (!again) {
    open.result.rest += std::max<std::int64_t>(
      outcome.max - std::max(outcome.next, outcome.min), 0);
    ++open.at;
    open.scans = 0;
  }
  step(*x);
}

void pop_impl::move_past(popped_queue& queue, const open_pop& open,
                         queue_offset next) {
  if (open.wish.order == pop_order::any || !queue.in_order)
    table_.move_to(queue, next);
}

void pop_impl::take(popper& x, const pull_ticket& what,
                    const pull_outcome& outcome,
                    std::span<const borrowed_bytes> runs) {
  auto& open = x.line.front();
  popped_part part{what.target.source, what.target.queue, what.offset, {}, {}};
  for (const auto& run : runs)
    add_records(x, what, run.view(), part);
  open.messages += static_cast<std::int32_t>(part.offsets.size());
  if (open.wish.purpose == pop_purpose::take)
    lend(x, what, outcome.next, part);
  open.result.parts.push_back(std::move(part));
}

void pop_impl::add_records(popper& x, const pull_ticket& what,
                           std::string_view bytes, popped_part& part) {
  auto& open = x.line.front();
  while (!bytes.empty()) {
    auto record = storage::decode_record(bytes, storage::record_check::none);
    if (!record) {
      log::error("pop", "a record cannot be read, it is passed over")
        .with("topic", x.topic)
        .with("queue", what.target.queue.value)
        .with("why", describe(record.error()));
      return;
    }
    part.offsets.push_back(record->offset);
    if (what.target.source == pop_source::normal)
      open.result.records.append(bytes.substr(0, record->size));
    else
      append_as_normal(open.result.records, *record, x.topic,
                       {part.start, open.result.pop_time,
                        open.wish.invisible_ms, open.result.revive_queue,
                        static_cast<std::int32_t>(what.target.source),
                        options_.broker_name, what.target.queue,
                        record->offset});
    bytes.remove_prefix(record->size);
  }
}

void pop_impl::lend(popper& x, const pull_ticket& what, queue_offset next,
                    popped_part& part) {
  auto& open = x.line.front();
  auto& queue = table_.at(key_of(x, what.target));
  if (part.offsets.empty())
    return table_.move_to(queue, next);
  grant taken{part.start,
              part.offsets,
              open.result.pop_time,
              open.wish.invisible_ms,
              open.result.revive_queue,
              open.wish.from.connection};
  if (open.wish.order == pop_order::in_order) {
    part.consumed = table_.lend_in_order(queue, taken, open.wish.attempt);
    if (queue.next != part.offsets.front())
      table_.move_to(queue, part.offsets.front());
  } else {
    table_.lend(queue, taken);
    table_.move_to(queue, next);
  }
  arm();
}

void pop_impl::finish(popper& x) {
  auto open = std::move(x.line.front());
  x.line.pop_front();
  x.running = false;
  auto found = open.messages > 0;
  auto& result = open.result;
  result.status = found ? pop_status::found : pop_status::nothing;
  if (found && open.wish.purpose == pop_purpose::take)
    when_durable([promise = open.promise,
                  answer = std::move(result)](const caf::error& error) mutable {
      if (error)
        promise.deliver(error);
      else
        promise.deliver(std::move(answer));
    });
  else if (found || !wait(x, open))
    open.promise.deliver(std::move(result));
  if (table_.has_changes())
    arm_store();
  watch(x);
  run(x);
}

void pop_impl::fail_running(popper& x, const caf::error& error) {
  x.line.front().promise.deliver(error);
  x.line.pop_front();
  x.running = false;
  run(x);
}

} // namespace troupe
