/// GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST, those that are no unit topics.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_has_unit_sub_ununit_topic_list(gateway_context& context,
                                        request& asked) {
  list_routed_topics message{topic_selection::unit_subscription_only, {}};
  context.ask(asked.from, context.options().names, std::move(message),
              [&context, from = asked.from](const routed_topics& x) {
                context.answer(
                  from, remoting::response_code::success, {}, {},
                  remoting::encode_topic_list(x.topics, x.broker_address));
              });
}

} // namespace troupe::handlers
