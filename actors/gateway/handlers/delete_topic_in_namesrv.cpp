/// DELETE_TOPIC_IN_NAMESRV: forgets a topic's route.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void delete_topic_in_namesrv(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  delete_route message{std::string{command.find("topic")},
                       std::string{command.find("clusterName")}};
  context.ask(asked.from, context.options().names, std::move(message),
              [&context, from = asked.from](const route_changed&) {
                context.answer(from, remoting::response_code::success);
              });
}

} // namespace troupe::handlers
