/// GET_ROUTEINFO_BY_TOPIC: where the queues of a topic are.
#include "gateway/handlers/handlers.hpp"
#include "gateway/handlers/own_address.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_routeinfo_by_topic(gateway_context& context, request& asked) {
  context.ask(asked.from, context.options().names,
              find_route{std::string{asked.command.find("topic")}},
              [&context, from = asked.from,
               own = own_address(context, asked.on)](route_found& found) {
                for (auto& broker : found.route.brokers)
                  name_own(broker, own);
                context.answer(from, remoting::response_code::success, {}, {},
                               remoting::encode_route(found.route));
              });
}

} // namespace troupe::handlers
