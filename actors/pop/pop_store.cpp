#include "pop/pop_impl.hpp"

namespace troupe {

caf::typed_response_promise<popped_acked>
pop_impl::acknowledge(const ack_popped& x) {
  popped_acked answer;
  for (auto offset : x.offsets) {
    auto outcome = x.order == pop_order::in_order
                     ? table_.acknowledge_in_order(x.lease, offset)
                     : table_.acknowledge(x.lease, offset);
    answer.unknown += outcome == ack_outcome::unknown ? 1 : 0;
    answer.illegal |= outcome == ack_outcome::illegal;
  }
  if (x.order == pop_order::in_order)
    unblocked(x.lease.queue);
  return answer_durable(answer);
}

caf::typed_response_promise<popped_postponed>
pop_impl::postpone(const postpone_popped& x) {
  popped_postponed answer;
  answer.pop_time = now();
  auto outcome =
    x.order == pop_order::in_order
      ? table_.postpone_in_order(x.lease, x.offset, answer.pop_time,
                                 x.invisible_ms)
      : table_.postpone(x.lease, x.offset, answer.pop_time, x.invisible_ms);
  answer.known = outcome == ack_outcome::done;
  // In order the lease keeps its name.
  if (x.order == pop_order::in_order)
    answer.pop_time = x.lease.pop_time;
  arm();
  return answer_durable(answer);
}

void pop_impl::unblocked(const pop_key& key) {
  auto* queue = table_.find(key);
  auto* x = find({key.group, key.queue.topic});
  if (x != nullptr && queue != nullptr
      && !table_.blocked_until(*queue, {}, now()))
    wake_one(*x, {pop_source::normal, key.queue.queue});
}

void pop_impl::when_durable(when_stored then) {
  waiting_for_store_.push_back(std::move(then));
  arm_store();
}

void pop_impl::arm_store() {
  if (store_armed_ || storing_)
    return;
  store_armed_ = true;
  send(this, store_leases_tick{});
}

void pop_impl::store() {
  if (storing_)
    return;
  auto waiting =
    std::make_shared<std::vector<when_stored>>(std::move(waiting_for_store_));
  waiting_for_store_.clear();
  if (!table_.has_changes()) {
    for (auto& then : *waiting)
      then(caf::none);
    return;
  }
  storing_ = true;
  auto rows = table_.take_changes();
  auto progress = rows.progress;
  auto settle = [this, waiting](const caf::error& error) {
    storing_ = false;
    for (auto& then : *waiting)
      then(error);
    if (table_.has_changes() || !waiting_for_store_.empty())
      arm_store();
  };
  request(options_.store, caf::infinite, std::move(rows))
    .then(
      [this, settle, progress = std::move(progress)](const stored&) {
        for (const auto& group : progress)
          adopt(group);
        settle(caf::none);
      },
      // The store keeps the rows and tries again.
      [settle](caf::error& error) { settle(error); });
}

void pop_impl::adopt(const group_progress& progress) {
  for (auto i = poppers_.lower_bound({progress.group, ""});
       i != poppers_.end() && i->first.first == progress.group; ++i)
    if (i->second.group_actor) {
      send(i->second.group_actor, adopt_offsets{progress.rows});
      return;
    }
}

} // namespace troupe
