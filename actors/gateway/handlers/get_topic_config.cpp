/// GET_TOPIC_CONFIG: the settings of one topic.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_topic_config(gateway_context& context, request& asked) {
  context.ask(asked.from, context.options().directory,
              find_topic{std::string{asked.command.find("topic")}, {}, false},
              [&context, from = asked.from](const topic_view& view) {
                context.answer(from, remoting::response_code::success, {}, {},
                               remoting::encode_topic_config(*view.config));
              });
}

} // namespace troupe::handlers
