/// UNLOCK_BATCH_MQ: a client gives queues back.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/group_bodies.hpp"

namespace troupe::handlers {

void unlock_batch_mq(gateway_context& context, request& asked) {
  auto wish = remoting::decode_lock_request(asked.command.body());
  if (!wish)
    return context.fail(asked.from, wish.error());
  unlock_queues message{wish->client_id, {}};
  for (const auto& x : wish->queues)
    message.queues.push_back(x.queue);
  auto from = asked.from;
  context.ask_or(
    context.options().directory, find_group{wish->group, false},
    [&context, from, message](const group_found& found) {
      context.self()->send(found.group, message);
      context.answer(from, remoting::response_code::success);
    },
    [&context, from](caf::error&) { // no group, no locks
      context.answer(from, remoting::response_code::success);
    });
}

} // namespace troupe::handlers
