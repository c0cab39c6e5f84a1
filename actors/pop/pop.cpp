#include "pop/pop_impl.hpp"

#include <caf/send.hpp>

namespace troupe {

popper_key popper_key_of(const pop_key& key) {
  std::string topic{names::topic_of_pop_retry(key.group, key.queue.topic)};
  return {key.group, topic.empty() ? key.queue.topic : topic};
}

pop_impl::pop_impl(caf::actor_config& config, pop_options options)
  : pop_actor::base(config),
    options_(std::move(options)),
    chance_(options_.seed) {
  table_.restore(options_.leases);
  for (const auto& row : options_.leases)
    if (row.revive_queue != order_revive_queue)
      restored_.insert(popper_key_of(row.key.queue));
  for (const auto& row : options_.copied)
    copied_.emplace(row.queue, row.offset);
  options_.copied.clear();
  options_.leases.clear();
  for (auto& mode : options_.request_modes)
    modes_[{mode.topic, mode.group}] = mode;
  options_.request_modes.clear();
}

pop_impl::behavior_type pop_impl::make_behavior() {
  make_quiet(*this);
  table_.check_invariants();
  arm();
  return {
    [this](pop_messages& x) { return pop(x); },
    [this](const ack_popped& x) { return acknowledge(x); },
    [this](const postpone_popped& x) { return postpone(x); },
    [this](const count_waiting& x) { return count(x); },
    [this](const drop_waiting& x) { drop(x.from); },
    [this](const set_request_mode& x) { return set_mode(x.mode); },
    [this](const list_request_modes&) { return modes(); },
    [this](const describe_pops& x) { return report(x.group); },
    [this](const find_lease& x) {
      return table_.find_open(x.queue, x.offset, now());
    },
    [this](pull_done& x) { pulled(x); },
    [this](append_done& x) { appended_again(x); },
    [this](const topic_changed& x) { topic_was_changed(x.topic); },
    [this](const group_changed& x) { group_was_changed(x); },
    [this](const pop_tick&) { tick(); },
    [this](const store_leases_tick&) {
      store_armed_ = false;
      store();
    },
  };
}

void pop_impl::on_exit() {
  poppers_.clear();
  options_ = {};
}

void pop_impl::look_up(popper& x, std::function<void(popper&)> then) {
  lookups_[{x.group, x.topic}].push_back(std::move(then));
  if (x.looking_up)
    return;
  x.looking_up = true;
  popper_key key{x.group, x.topic};
  auto missing = [this, key](caf::error& error) { refuse(key, error); };
  request(options_.directory, caf::infinite, find_topic{x.topic, {}, false})
    .then(
      [this, key, missing](topic_view& view) {
        auto* found = find(key);
        if (found == nullptr)
          return;
        found->view = std::move(view);
        request(options_.directory, caf::infinite,
                find_group{found->group, true})
          .then(
            [this, key, missing](const group_found& group) {
              watch_members(key, group.group, missing);
            },
            missing);
      },
      missing);
}

void pop_impl::watch_members(const popper_key& key,
                             const consumer_group_actor& group,
                             std::function<void(caf::error&)> missing) {
  request(group, caf::infinite, watch_group{me<group_watcher>()})
    .then(
      [this, key, group](group_watched& watched) {
        auto* found = find(key);
        if (found == nullptr)
          return;
        found->group_actor = group;
        found->snapshot = std::move(watched.snapshot);
        find_retry(key);
      },
      std::move(missing));
}

void pop_impl::find_retry(const popper_key& key) {
  auto retry = names::pop_retry_topic_of(key.first, key.second);
  request(options_.directory, caf::infinite, find_topic{retry, {}, false})
    .then([this, key](topic_view& view) { found_all(key, std::move(view)); },
          [this, key, retry](caf::error&) {
            // It may have been there, and begin anew some day.
            table_.forget_topic(retry);
            found_all(key, {});
          });
}

void pop_impl::found_all(const popper_key& key, topic_view retry) {
  auto* found = find(key);
  if (found == nullptr)
    return;
  found->retry = std::move(retry);
  if (restored_.contains(key))
    find_copies(key, found->retry);
  else
    be_ready(key);
}

void pop_impl::be_ready(const popper_key& key) {
  auto* found = find(key);
  if (found == nullptr)
    return;
  found->looking_up = false;
  found->ready = true;
  auto waiters = std::move(lookups_[key]);
  lookups_.erase(key);
  for (auto& then : waiters)
    if (auto* still = find(key))
      then(*still);
}

void pop_impl::refuse(const popper_key& key, const caf::error& error) {
  lookups_.erase(key);
  auto* x = find(key);
  if (x == nullptr)
    return;
  for (auto& open : x->line)
    open.promise.deliver(error);
  while (!x->waiting.empty())
    leave_waiting(*x, x->waiting.begin()).promise.deliver(error);
  if (is(error, errc::topic_not_found)) {
    table_.forget_topic(key.second);
    table_.forget_topic(names::pop_retry_topic_of(key.first, key.second));
  } else if (is(error, errc::group_not_found)) {
    table_.forget_group(key.first);
  }
  std::erase_if(revivals_, [&](const auto& entry) {
    if (entry.second.popper != key)
      return false;
    table_.put_back(
      entry.second.due.key,
      now() + std::chrono::milliseconds{limits::revive_retry}.count());
    return true;
  });
  poppers_.erase(key);
  if (table_.has_changes())
    arm_store();
  arm();
}

void pop_impl::topic_was_changed(const std::string& topic) {
  std::vector<popper_key> mine;
  for (const auto& [key, x] : poppers_)
    if (x.topic == topic
        || names::pop_retry_topic_of(x.group, x.topic) == topic)
      mine.push_back(key);
  for (const auto& key : mine) {
    auto& x = *find(key);
    x.ready = false;
    x.watched.clear();
    look_up(x, [this](popper& found) {
      watch(found);
      run(found);
    });
  }
}

void pop_impl::group_was_changed(const group_changed& event) {
  std::vector<popper_key> gone;
  for (auto& [key, x] : poppers_) {
    if (x.group != event.group)
      continue;
    if (event.snapshot)
      x.snapshot = event.snapshot;
    else
      gone.push_back(key);
  }
  for (const auto& key : gone)
    refuse(key, make_error(errc::group_not_found, "subscription group ["
                                                    + event.group
                                                    + "] was just deleted"));
}

caf::typed_response_promise<request_modes>
pop_impl::set_mode(const request_mode& mode) {
  auto promise = make_response_promise<request_modes>();
  if (modes_.size() >= limits::request_modes_max
      && !modes_.contains({mode.topic, mode.group})) {
    promise.deliver(make_error(errc::busy, "the broker holds "
                                             + std::to_string(modes_.size())
                                             + " request modes, its bound"));
    return promise;
  }
  modes_[{mode.topic, mode.group}] = mode;
  request(options_.store, caf::infinite, put_request_modes{{mode}, {}})
    .then([this, promise](const stored&) mutable { promise.deliver(modes()); },
          [promise](caf::error& e) mutable { promise.deliver(std::move(e)); });
  return promise;
}

request_modes pop_impl::modes() const {
  request_modes result;
  for (const auto& [key, mode] : modes_)
    result.modes.push_back(mode);
  return result;
}

pop_report pop_impl::report(const std::string& group) const {
  pop_report result;
  table_.for_each([&](const popped_queue& queue) {
    if (!group.empty() && queue.key.group != group)
      return;
    pop_queue_report row;
    row.queue = queue.key;
    row.next = queue.next.value_or(queue_offset{});
    row.in_flight = queue.in_flight;
    row.passed = lease_table::lent_before_next(queue);
    row.first = lease_table::first_open(queue).value_or(queue_offset{-1});
    result.queues.push_back(std::move(row));
  });
  result.leased_messages = table_.messages();
  result.waiting = waiting_;
  result.revived = revived_;
  result.dead = dead_;
  return result;
}

pop_actor spawn_pop(caf::actor_system& system, placement where,
                    pop_options options) {
  auto directory = options.directory;
  auto pop = spawn_at<pop_impl>(system, where, std::move(options));
  caf::anon_send(directory, watch_topics{pop});
  return pop;
}

} // namespace troupe
