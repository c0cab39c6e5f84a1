/// GET_ALL_TOPIC_CONFIG: the settings of all topics.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_all_topic_config(gateway_context& context, request& asked) {
  list_topics message;
  context.ask(asked.from, context.options().directory, std::move(message),
              [&context, from = asked.from](const topic_list& x) {
                context.answer(
                  from, remoting::response_code::success, {}, {},
                  remoting::encode_topic_table(x.version, x.topics));
              });
}

} // namespace troupe::handlers
