/// GET_TOPIC_STATS_INFO: range and last use of every queue of a topic.
#include "gateway/handlers/queue_times.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_topic_stats_info(gateway_context& context, request& asked) {
  auto from = asked.from;
  std::string topic{asked.command.find("topic")};
  context.ask(
    from, context.options().directory, find_topic{topic, {}, false},
    [&context, from, topic](const topic_view& view) {
      gather_queues(
        context, from, view,
        [&context, from, topic](const std::vector<queue_state_at_end>& queues) {
          std::vector<remoting::topic_stats_row> rows;
          for (const auto& x : queues)
            rows.push_back(
              {{context.options().broker_name, {topic, x.queue}},
               x.range.min.value,
               x.range.max.value,
               std::max<std::int64_t>(x.last_store_time.value, 0)});
          context.answer(from, remoting::response_code::success, {}, {},
                         remoting::encode_topic_stats(rows));
        });
    });
}

} // namespace troupe::handlers
