/// GET_SYSTEM_TOPIC_LIST_FROM_NS: names of clusters and brokers, which are
/// topics too.
#include "gateway/handlers/handlers.hpp"
#include "gateway/handlers/own_address.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_system_topic_list_from_ns(gateway_context& context, request& asked) {
  context.ask(asked.from, context.options().names,
              list_routed_topics{topic_selection::system, {}},
              [&context, from = asked.from,
               own = own_address(context, asked.on)](const routed_topics& x) {
                auto address =
                  x.broker_address == same_address && !x.topics.empty()
                    ? own
                    : x.broker_address;
                context.answer(from, remoting::response_code::success, {}, {},
                               remoting::encode_topic_list(x.topics, address));
              });
}

} // namespace troupe::handlers
