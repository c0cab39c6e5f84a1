/// POLLING_INFO: how many pops wait for a queue.
#include "gateway/handlers/handlers.hpp"
#include "gateway/popping.hpp"

namespace troupe::handlers {

void polling_info(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  auto queue = command.int32("queueId");
  if (!queue)
    return context.fail(asked.from, queue.error());
  pop_request wish;
  wish.from = asked.from;
  wish.wish.group = command.find("consumerGroup");
  wish.wish.topic = command.find("topic");
  wish.wish.queue = {std::max(*queue, -1)};
  check_pop(context, std::move(wish), [&context](const pop_request& checked) {
    const auto& x = checked.wish;
    context.ask(checked.from, context.options().pop,
                count_waiting{{x.group, {x.topic, x.queue}}},
                [&context, checked](const waiting_count& found) {
                  auto count = std::to_string(found.pops);
                  context.answer(checked.from, remoting::response_code::success,
                                 {}, {{"pollingNum", count}});
                });
  });
}

} // namespace troupe::handlers
