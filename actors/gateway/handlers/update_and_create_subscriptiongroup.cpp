/// UPDATE_AND_CREATE_SUBSCRIPTIONGROUP: an administrator creates or changes a
/// consumer group.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/group_bodies.hpp"

namespace troupe::handlers {

void update_and_create_subscriptiongroup(gateway_context& context,
                                         request& asked) {
  auto config = remoting::decode_group_config(asked.command.body());
  if (!config)
    return context.fail(asked.from, config.error());
  context.ask(asked.from, context.options().directory,
              update_group{std::move(*config)},
              [&context, from = asked.from](const directory_changed&) {
                context.answer(from, remoting::response_code::success);
              });
}

} // namespace troupe::handlers
