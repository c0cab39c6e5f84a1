/// GET_ALL_TOPIC_LIST_FROM_NAMESERVER, all topics with a route.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_all_topic_list_from_nameserver(gateway_context& context,
                                        request& asked) {
  list_routed_topics message{topic_selection::all, {}};
  context.ask(asked.from, context.options().names, std::move(message),
              [&context, from = asked.from](const routed_topics& x) {
                context.answer(
                  from, remoting::response_code::success, {}, {},
                  remoting::encode_topic_list(x.topics, x.broker_address));
              });
}

} // namespace troupe::handlers
