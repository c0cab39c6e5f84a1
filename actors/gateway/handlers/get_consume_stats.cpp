/// GET_CONSUME_STATS: how far a group is behind in each queue, its backlog.
#include "gateway/handlers/queue_times.hpp"
#include "gateway/handlers/topic_queue.hpp"

#include "remoting/bodies/group_bodies.hpp"

#include <memory>
#include <set>

namespace troupe::handlers {

namespace {

/// The stats of all topics of a group, gathered one after the other.
struct stats_round {
  std::string group;
  std::vector<std::string> topics; ///< those still to be asked
  std::map<queue_key, queue_offset> progress;
  consumer_group_actor actor;
  std::vector<remoting::consume_stats_row> rows;
};

using stats_ptr = std::shared_ptr<stats_round>;

void next_topic(gateway_context& context, const caller& from,
                const stats_ptr& stats);

void add_queue(gateway_context& context, const stats_ptr& stats,
               const std::string& topic, const queue_state_at_end& queue) {
  queue_key key{topic, queue.queue};
  auto known = stats->progress.find(key);
  remoting::consume_stats_row row;
  row.queue = {context.options().broker_name, key};
  row.broker_offset = queue.range.max.value;
  row.consumer_offset =
    known == stats->progress.end() ? 0 : known->second.value;
  if (row.consumer_offset > 0)
    row.last_time = std::max<std::int64_t>(queue.last_store_time.value, 0);
  stats->rows.push_back(std::move(row));
}

void next_topic(gateway_context& context, const caller& from,
                const stats_ptr& stats) {
  if (stats->topics.empty())
    return context.answer(from, remoting::response_code::success, {}, {},
                          remoting::encode_consume_stats(stats->rows, 0.0));
  auto topic = std::move(stats->topics.back());
  stats->topics.pop_back();
  context.ask_or(
    context.options().directory, find_topic{topic, {}, false},
    [=, &context](const topic_view& view) {
      gather_queues(context, from, view,
                    [=, &context](const std::vector<queue_state_at_end>& all) {
                      for (const auto& queue : all)
                        add_queue(context, stats, topic, queue);
                      next_topic(context, from, stats);
                    });
    },
    // A topic that is gone is passed over.
    [=, &context](caf::error&) { next_topic(context, from, stats); });
}

} // namespace

void get_consume_stats(gateway_context& context, request& asked) {
  auto from = asked.from;
  std::string group{asked.command.find("consumerGroup")};
  std::string wanted{asked.command.find("topic")};
  auto start = [=, &context](const consumer_group_actor& actor) {
    context.ask(
      from, actor, list_members{}, [=, &context](const group_members& members) {
        context.ask(from, actor, list_offsets{},
                    [=, &context](const group_offsets& offsets) {
                      auto stats = std::make_shared<stats_round>();
                      std::set<std::string> topics;
                      for (const auto& row : offsets.rows) {
                        stats->progress[row.queue] = row.offset;
                        topics.insert(row.queue.topic);
                      }
                      for (const auto& [topic, s] :
                           members.snapshot->subscriptions)
                        topics.insert(topic);
                      if (!wanted.empty())
                        topics = {wanted};
                      stats->topics.assign(topics.begin(), topics.end());
                      next_topic(context, from, stats);
                    });
      });
  };
  context.ask_or(
    context.options().directory, find_group{group, false},
    [start](const group_found& found) { start(found.group); },
    [&context, from](caf::error&) { // no group, no progress
      context.answer(from, remoting::response_code::success, {}, {},
                     remoting::encode_consume_stats({}, 0.0));
    });
}

} // namespace troupe::handlers
