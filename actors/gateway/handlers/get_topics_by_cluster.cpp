/// GET_TOPICS_BY_CLUSTER: the topics of one cluster.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_topics_by_cluster(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  list_routed_topics message{topic_selection::of_cluster,
                             std::string{command.find("cluster")}};
  context.ask(asked.from, context.options().names, std::move(message),
              [&context, from = asked.from](const routed_topics& x) {
                context.answer(
                  from, remoting::response_code::success, {}, {},
                  remoting::encode_topic_list(x.topics, x.broker_address));
              });
}

} // namespace troupe::handlers
