/// UPDATE_AND_CREATE_TOPIC_LIST, several topics at once.
#include "gateway/handlers/handlers.hpp"
#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void update_and_create_topic_list(gateway_context& context, request& asked) {
  auto configs = remoting::decode_topic_configs(asked.command.body());
  if (!configs)
    return context.fail(asked.from, configs.error());
  context.ask(asked.from, context.options().directory,
              update_topics{std::move(*configs)},
              [&context, from = asked.from](const directory_changed&) {
                context.answer(from, remoting::response_code::success);
              });
}

} // namespace troupe::handlers
