/// DELETE_TOPIC_IN_BROKER: removes a topic, its queues and all progress in it.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void delete_topic_in_broker(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  delete_topic message{std::string{command.find("topic")}};
  context.ask(asked.from, context.options().directory, std::move(message),
              [&context, from = asked.from](const directory_changed&) {
                context.answer(from, remoting::response_code::success);
              });
}

} // namespace troupe::handlers
