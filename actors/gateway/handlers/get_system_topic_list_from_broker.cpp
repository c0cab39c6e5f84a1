/// GET_SYSTEM_TOPIC_LIST_FROM_BROKER: the topics that belong to the broker.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

#include "troupe/model/names.hpp"

namespace troupe::handlers {

void get_system_topic_list_from_broker(gateway_context& context,
                                       request& asked) {
  context.ask(asked.from, context.options().directory, list_topics{},
              [&context, from = asked.from](const topic_list& list) {
                const auto& options = context.options();
                std::vector<std::string> system;
                for (const auto& x : list.topics)
                  if (names::is_system_topic(x.name)
                      || x.name == options.cluster
                      || x.name == options.broker_name
                      || x.name == names::reply_topic_of(options.cluster))
                    system.push_back(x.name);
                context.answer(from, remoting::response_code::success, {}, {},
                               remoting::encode_topic_list(system));
              });
}

} // namespace troupe::handlers
