/// REGISTER_TOPIC_IN_NAMESRV: puts a topic's queues on known brokers.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void register_topic_in_namesrv(gateway_context& context, request& asked) {
  auto queues = remoting::decode_route_queues(asked.command.body());
  if (!queues)
    return context.fail(asked.from, queues.error());
  context.ask(
    asked.from, context.options().names,
    put_route{std::string{asked.command.find("topic")}, std::move(*queues)},
    [&context, from = asked.from](const route_changed&) {
      context.answer(from, remoting::response_code::success);
    });
}

} // namespace troupe::handlers
