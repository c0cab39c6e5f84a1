/// GET_EARLIEST_MSG_STORETIME: when the first message of a queue was stored; -1
/// for an empty queue.
#include "gateway/handlers/topic_queue.hpp"

namespace troupe::handlers {

void get_earliest_msg_storetime(gateway_context& context, request& asked) {
  auto queue = asked.command.int32("queueId");
  if (!queue)
    return context.fail(asked.from, queue.error());
  auto from = asked.from;
  std::string topic{asked.command.find("topic")};
  auto answer = [&context, from](const store_time_found& found) {
    auto time = std::to_string(found.time.value);
    context.answer(from, remoting::response_code::success, {},
                   {{"timestamp", time}});
  };
  ask_queue(context, from, topic, *queue, query_range{},
            [=, &context, id = *queue](const queue_range& range) {
              ask_queue(context, from, topic, id, query_store_time{range.min},
                        answer);
            });
}

} // namespace troupe::handlers
