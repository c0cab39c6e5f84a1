#include "pop/pop_impl.hpp"

namespace troupe {

bool pop_impl::wait(popper& x, open_pop& open) {
  keep_waits(now());
  auto until = open.wish.wait_until + -limits::pop_wait_margin.count();
  if (open.wish.wait_until.value <= 0 || until <= now())
    return false;
  auto of_queue = static_cast<std::size_t>(
    std::ranges::count_if(x.waiting, [&](const open_pop& other) {
      return other.wish.queue == open.wish.queue;
    }));
  if (waiting_ >= limits::waiting_pops_max
      || of_queue >= limits::waiting_pops_per_queue_max) {
    open.result.status = pop_status::waiting_full;
    return false;
  }
  ++waiting_;
  deadlines_.insert({until, {open.number, {x.group, x.topic}}});
  // In order of arrival, also when it was woken for nothing.
  auto place = std::ranges::find_if(x.waiting, [&](const open_pop& other) {
    return other.number > open.number;
  });
  x.waiting.insert(place, std::move(open));
  arm();
  return true;
}

void pop_impl::watch(popper& x) {
  if (x.waiting.empty() || !x.ready)
    return;
  for (const auto& open : x.waiting)
    for (const auto& target : open.plan)
      if (std::ranges::find(open.closed, target) == open.closed.end())
        watch_queue(x, target);
  // A retry topic may have come into being since.
  if (!x.retry.queues.empty())
    watch_queue(x, {pop_source::retry_v1, {0}});
}

void pop_impl::watch_queue(popper& x, const pop_target& target) {
  const auto& queues = x.view_of(target.source).queues;
  auto place = static_cast<std::size_t>(target.queue.value);
  auto* queue = table_.find(key_of(x, target));
  if (target.queue.value < 0 || place >= queues.size()
      || !x.watched.insert(target).second)
    return;
  pull_row row;
  row.offset = queue != nullptr && queue->next ? *queue->next : queue_offset{0};
  row.from = ticket(
    {pull_ticket::kind::watch, {x.group, x.topic}, target, 0, row.offset});
  row.messages_max = 1;
  row.park_until = now() + std::chrono::milliseconds{limits::park_max}.count();
  send_pull(queues[place], std::move(row));
}

void pop_impl::wake(const pull_ticket& what, pull_status why) {
  auto* x = find(what.popper);
  if (x == nullptr)
    return;
  x->watched.erase(what.target);
  // Too many wait there, or it cannot be read: what comes is found by the next
  // pop that looks.
  if (!is_refusal(why))
    wake_one(*x, what.target);
}

void pop_impl::wake_one(popper& x, const pop_target& target) {
  auto wants = [&target](const open_pop& open) {
    return target.source != pop_source::normal
             ? open.wish.order == pop_order::any
             : open.wish.queue.value < 0 || open.wish.queue == target.queue;
  };
  auto found = std::ranges::find_if(x.waiting, wants);
  if (found == x.waiting.end())
    return;
  auto open = leave_waiting(x, found);
  x.line.push_back(std::move(open));
  run(x);
}

open_pop pop_impl::leave_waiting(popper& x,
                                 std::list<open_pop>::iterator which) {
  auto open = std::move(*which);
  x.waiting.erase(which);
  --waiting_;
  auto until = open.wish.wait_until + -limits::pop_wait_margin.count();
  auto [first, last] = deadlines_.equal_range(until);
  for (auto i = first; i != last; ++i)
    if (i->second.first == open.number) {
      deadlines_.erase(i);
      break;
    }
  return open;
}

void pop_impl::drop(const client_link& from) {
  for (auto& [key, x] : poppers_)
    for (auto i = x.waiting.begin(); i != x.waiting.end();) {
      auto next = std::next(i);
      if (i->wish.from == from)
        leave_waiting(x, i).promise.deliver(pop_result{});
      i = next;
    }
}

waiting_count pop_impl::count(const count_waiting& x) {
  auto* found = find({x.queue.group, x.queue.queue.topic});
  if (found == nullptr)
    return {0};
  return {static_cast<std::size_t>(
    std::ranges::count_if(found->waiting, [&](const open_pop& open) {
      return open.wish.queue == x.queue.queue.queue;
    }))};
}

void pop_impl::arm() {
  epoch_ms due;
  auto consider = [&due](epoch_ms at) {
    if (due.value == 0 || at < due)
      due = at;
  };
  if (auto lease = table_.next_due();
      lease && revivals_.size() < limits::revives_at_once_max)
    consider(*lease);
  if (!deadlines_.empty())
    consider(deadlines_.begin()->first);
  if (due.value == 0)
    return;
  if (auto wait = alarm_.arm(due, now()))
    delayed_send(this, *wait, pop_tick{});
}

void pop_impl::keep_waits(epoch_ms time) {
  auto back = seen_ - time;
  seen_ = time;
  if (back < limits::clock_step_min.count())
    return;
  decltype(deadlines_) moved;
  for (const auto& [at, who] : deadlines_)
    moved.emplace(at + -back, who);
  deadlines_ = std::move(moved);
  for (auto& [key, x] : poppers_)
    for (auto& open : x.waiting)
      open.wish.wait_until = open.wish.wait_until + -back;
}

void pop_impl::tick() {
  auto time = now();
  if (!alarm_.ring(time))
    return;
  keep_waits(time);
  while (!deadlines_.empty() && deadlines_.begin()->first <= time) {
    auto [number, key] = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    auto* x = find(key);
    if (x == nullptr)
      continue;
    auto found = std::ranges::find(x->waiting, number, &open_pop::number);
    if (found == x->waiting.end())
      continue;
    auto open = std::move(*found);
    x->waiting.erase(found);
    --waiting_;
    open.result.pop_time = time;
    open.promise.deliver(std::move(open.result));
  }
  revive_due(time);
  arm();
}

} // namespace troupe
