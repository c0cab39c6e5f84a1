/// BROKER_HEARTBEAT: a broker's sign of life between registrations.
#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

void broker_heartbeat(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  context.self()->send(
    context.options().names,
    troupe::broker_heartbeat{std::string{command.find("clusterName")},
                             std::string{command.find("brokerName")},
                             std::string{command.find("brokerAddr")}});
  context.answer(asked.from, remoting::response_code::success);
}

} // namespace troupe::handlers
