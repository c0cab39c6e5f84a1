/// GET_BROKER_MEMBER_GROUP: all addresses of one broker name.
#include "gateway/handlers/handlers.hpp"
#include "gateway/handlers/own_address.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_broker_member_group(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  context.ask(asked.from, context.options().names,
              find_broker{std::string{command.find("clusterName")},
                          std::string{command.find("brokerName")}},
              [&context, from = asked.from,
               own = own_address(context, asked.on)](broker_found& found) {
                name_own(found.broker, own);
                context.answer(from, remoting::response_code::success, {}, {},
                               remoting::encode_broker_group(found.broker));
              });
}

} // namespace troupe::handlers
