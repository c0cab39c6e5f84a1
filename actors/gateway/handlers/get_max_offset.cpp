/// GET_MAX_OFFSET: the offset that the next message will get.
#include "gateway/handlers/handlers.hpp"
#include "gateway/handlers/topic_queue.hpp"

namespace troupe::handlers {

void get_max_offset(gateway_context& context, request& asked) {
  auto queue = asked.command.int32("queueId");
  if (!queue)
    return context.fail(asked.from, queue.error());
  ask_queue(context, asked.from, std::string{asked.command.find("topic")},
            *queue, query_range{},
            [&context, from = asked.from](const queue_range& range) {
              auto offset = std::to_string(range.max.value);
              context.answer(from, remoting::response_code::success, {},
                             {{"offset", offset}});
            });
}

} // namespace troupe::handlers
