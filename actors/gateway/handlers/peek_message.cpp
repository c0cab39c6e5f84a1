/// PEEK_MESSAGE: shows what a pop would take, and takes nothing.
#include "gateway/handlers/handlers.hpp"
#include "gateway/popping.hpp"

namespace troupe::handlers {

void peek_message(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  auto queue = command.int32("queueId");
  auto messages = command.int32("maxMsgNums");
  if (!queue || !messages)
    return context.fail(asked.from, !queue ? queue.error() : messages.error());
  pop_request wish;
  wish.from = asked.from;
  wish.wish.group = command.find("consumerGroup");
  wish.wish.topic = command.find("topic");
  wish.wish.queue = {std::max(*queue, -1)};
  wish.wish.purpose = pop_purpose::peek;
  wish.wish.messages_max = std::clamp(*messages, 1, limits::pop_messages_max);
  check_pop(context, std::move(wish), [&context](const pop_request& checked) {
    context.ask(checked.from, context.options().pop, checked.wish,
                [&context, checked](const pop_result& result) {
                  answer_pop(context, checked, result);
                });
  });
}

} // namespace troupe::handlers
