#include "custom_runner/custom_runner_impl.hpp"

#include "troupe/custom/topic_pattern.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace troupe {

void custom_runner_impl::find_own_group() {
  request(options_.directory, caf::infinite, find_group{group_name_, true})
    .then(
      [this](group_found& found) {
        group_ = found.group;
        request(group_, caf::infinite, watch_group{me<group_watcher>()})
          .then([this](const group_watched& x) { take_resets(x.snapshot); },
                [this](const caf::error& error) { be_alone(error); });
        std::vector<offset_row> rows;
        for (const auto& x : intake_.queues())
          rows.push_back({x.key, x.done});
        if (!rows.empty())
          send(group_, commit_offsets{std::move(rows)});
      },
      [this](const caf::error& error) { be_alone(error); });
}

void custom_runner_impl::be_alone(const caf::error& error) {
  log::warning("custom_runner", "progress is not shown as a group's")
    .with("name", options_.role.spec.name)
    .with("group", group_name_)
    .with("why", describe(error));
  paused_ = false;
  work();
}

void custom_runner_impl::list_present() {
  request(options_.directory, caf::infinite, list_topics{})
    .then([this](const topic_list& list) {
      for (const auto& x : list.topics)
        if (const auto* wish = performer_.wish_for(x.name);
            wish != nullptr && wish->from == custom::begin_at::last)
          present_.insert(x.name);
      listed_ = true;
      look_at_all();
    });
}

void custom_runner_impl::look_at_all() {
  auto any_pattern = false;
  for (const auto& x : performer_.wants().consumptions)
    if (custom::is_pattern(x.topic))
      any_pattern = true;
    else
      look_at(x.topic);
  if (any_pattern)
    request(options_.directory, caf::infinite, list_topics{})
      .then([this](const topic_list& list) {
        for (const auto& x : list.topics)
          look_at(x.name);
      });
}

void custom_runner_impl::look_at(const std::string& topic) {
  outbox_.forget(topic);
  if (!listed_)
    return; // all are looked at then
  if (performer_.wish_for(topic) == nullptr)
    return;
  request(options_.directory, caf::infinite, find_topic{topic, {}, false})
    .then([this, topic](const topic_view& view) { consume_topic(topic, view); },
          [this, topic](const caf::error& error) {
            if (is(error, errc::topic_not_found))
              forget(topic); // until it is made
          });
}

void custom_runner_impl::consume_topic(const std::string& topic,
                                       const topic_view& view) {
  const auto* wish = performer_.wish_for(topic);
  auto filter = std::make_shared<subscription>();
  filter->topic = topic;
  filter->expression = wish->tags;
  if (auto compiled = tag_filter::compile(wish->tags))
    filter->filter = std::move(*compiled);
  auto queues = std::min(view.queues.size(),
                         static_cast<std::size_t>(view.config->read_queues));
  for (std::size_t i = 0; i < queues; ++i) {
    queue_key key{topic, {static_cast<std::int32_t>(i)}};
    auto known = progress_.find(key);
    if (known == progress_.end() && present_.contains(topic)) {
      begin_at_end(key, view.queues[i], filter);
      continue;
    }
    add(key, view.queues[i], filter,
        known == progress_.end() ? queue_offset{} : known->second);
  }
  work();
}

void custom_runner_impl::begin_at_end(const queue_key& key,
                                      const queue_actor& queue,
                                      const subscription_ptr& filter) {
  request(queue, caf::infinite, query_range{})
    .then([this, key, queue, filter](const queue_range& range) {
      add(key, queue, filter, range.max);
      work();
    });
}

void custom_runner_impl::add(const queue_key& key, const queue_actor& queue,
                             const subscription_ptr& filter,
                             queue_offset known) {
  if (intake_.find(key) == nullptr
      && intake_.queues().size() >= limits::custom_queues_max) {
    log::warning("custom_runner", "a queue too many is not consumed")
      .with("name", options_.role.spec.name)
      .with("topic", key.topic)
      .with("queue", key.queue.value);
    return;
  }
  auto everything = filter->filter.matches_everything();
  intake_.add(key, queue, everything ? nullptr : filter, known,
              progress_.contains(key) ? progress::known : progress::none);
}

void custom_runner_impl::forget(const std::string& topic) {
  present_.erase(topic);
  put_custom rows{options_.role.spec.name, {}, {}};
  for (const auto& key : intake_.drop(topic)) {
    progress_.erase(key);
    rows.progress.push_back({key, {0}});
  }
  if (!rows.progress.empty())
    request(options_.store, caf::infinite, std::move(rows))
      .then([](const stored&) {});
}

void custom_runner_impl::take_resets(const group_snapshot_ptr& snapshot) {
  if (!snapshot) { // the group was deleted
    group_ = consumer_group_actor{};
    paused_ = false;
    return work();
  }
  paused_ = !snapshot->config.consume_enable;
  for (const auto& [key, offset] : snapshot->resets) {
    auto* queue = intake_.find(key);
    if (queue == nullptr)
      continue;
    log::info("custom_runner", "progress was reset")
      .with("name", options_.role.spec.name)
      .with("topic", key.topic)
      .with("queue", key.queue.value)
      .with("offset", offset.value);
    intake::move_to(*queue, offset);
    send(group_, take_reset{key});
  }
  work();
}

} // namespace troupe
