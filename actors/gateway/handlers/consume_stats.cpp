#include "gateway/handlers/consume_stats.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

namespace troupe::handlers {

namespace {

/// One group's stats on their way: topic after topic.
struct consume_stats_work {
  group_stats stats;
  std::vector<std::string> topics; ///< those still to be asked
  std::map<queue_key, queue_offset> progress;
  std::map<queue_key, queue_offset> pulled;
  std::function<void(group_stats&)> then;
  std::size_t open = 0; ///< queues of the running topic
};

using consume_stats_ptr = std::shared_ptr<consume_stats_work>;

void next_stats_topic(gateway_context& context, const consume_stats_ptr& work);

void add_stats_row(gateway_context& context, const consume_stats_ptr& work,
                   remoting::consume_stats_row row) {
  work->stats.rows.push_back(std::move(row));
  if (--work->open == 0)
    next_stats_topic(context, work);
}

void ask_stats_queue(gateway_context& context, const consume_stats_ptr& work,
                     const queue_key& key, const queue_actor& queue) {
  remoting::consume_stats_row row;
  row.queue = {context.options().broker_name, key};
  if (auto known = work->progress.find(key); known != work->progress.end())
    row.consumer_offset = std::max<std::int64_t>(known->second.value, 0);
  row.pull_offset = row.consumer_offset;
  if (auto pulled = work->pulled.find(key); pulled != work->pulled.end())
    row.pull_offset = std::max(row.pull_offset, pulled->second.value);
  auto failed = [=, &context](caf::error&) {
    add_stats_row(context, work, row);
  };
  context.ask_or(
    queue, query_range{},
    [=, &context](const queue_range& range) mutable {
      row.broker_offset = range.max.value;
      if (row.consumer_offset <= range.min.value)
        return add_stats_row(context, work, row); // nothing consumed is there
      context.ask_or(
        queue, query_store_time{{row.consumer_offset - 1}},
        [=, &context](const store_time_found& x) mutable {
          row.last_time = std::max<std::int64_t>(x.time.value, 0);
          add_stats_row(context, work, row);
        },
        [=, &context](caf::error&) { add_stats_row(context, work, row); });
    },
    failed);
}

void next_stats_topic(gateway_context& context, const consume_stats_ptr& work) {
  if (work->topics.empty()) {
    std::ranges::sort(work->stats.rows, {},
                      [](const auto& x) { return x.queue.queue; });
    return work->then(work->stats);
  }
  auto topic = std::move(work->topics.back());
  work->topics.pop_back();
  context.ask_or(
    context.options().directory, find_topic{topic, {}, false},
    [=, &context](const topic_view& view) {
      auto readable = std::min(
        view.queues.size(),
        static_cast<std::size_t>(std::max(view.config->read_queues, 0)));
      work->open = readable;
      if (readable == 0)
        return next_stats_topic(context, work);
      for (std::size_t i = 0; i < readable; ++i)
        ask_stats_queue(context, work, {topic, {static_cast<std::int32_t>(i)}},
                        view.queues[i]);
    },
    // A topic that is gone is passed over.
    [=, &context](caf::error&) { next_stats_topic(context, work); });
}

} // namespace

void gather_consume_stats(gateway_context& context, const std::string& group,
                          const std::string& topic,
                          std::function<void(group_stats&)> then) {
  auto work = std::make_shared<consume_stats_work>();
  work->stats.group = group;
  work->then = std::move(then);
  for (const auto& pull : context.list_pulls_of(group).rows)
    work->pulled[pull.queue] = pull.offset;
  auto nothing = [work](caf::error&) { work->then(work->stats); };
  context.ask_or(
    context.options().directory, find_group{group, false},
    [=, &context](const group_found& found) {
      context.ask_or(
        found.group, describe_progress{},
        [=, &context](const progress_report& report) {
          std::set<std::string> topics;
          for (const auto& row : report.rows) {
            work->progress[row.queue] = row.offset;
            work->stats.per_second += row.per_second;
            topics.insert(row.queue.topic);
          }
          for (const auto& [name, wish] :
               report.members.snapshot->subscriptions)
            topics.insert(name);
          if (!topic.empty())
            topics = {topic};
          work->topics.assign(topics.begin(), topics.end());
          next_stats_topic(context, work);
        },
        nothing);
    },
    nothing);
}

} // namespace troupe::handlers
