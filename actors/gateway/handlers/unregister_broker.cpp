/// UNREGISTER_BROKER: a broker says goodbye.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void unregister_broker(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  troupe::unregister_broker message{std::string{command.find("clusterName")},
                                    std::string{command.find("brokerName")},
                                    command.int64_or("brokerId", 0),
                                    std::string{command.find("brokerAddr")}};
  context.ask(asked.from, context.options().names, std::move(message),
              [&context, from = asked.from](const broker_unregistered&) {
                context.answer(from, remoting::response_code::success);
              });
}

} // namespace troupe::handlers
