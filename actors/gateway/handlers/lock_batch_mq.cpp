/// LOCK_BATCH_MQ: a client wants queues for itself, to consume in order.
#include "gateway/handlers/topic_queue.hpp"

#include "remoting/bodies/group_bodies.hpp"

#include <algorithm>

namespace troupe::handlers {

void lock_batch_mq(gateway_context& context, request& asked) {
  auto wish = remoting::decode_lock_request(asked.command.body());
  if (!wish)
    return context.fail(asked.from, wish.error());
  lock_queues message{wish->client_id, {}};
  for (const auto& x : wish->queues)
    message.queues.push_back(x.queue);
  ask_group(context, asked.from, wish->group, true, std::move(message),
            [&context, from = asked.from,
             queues = std::move(wish->queues)](const queues_locked& locked) {
              auto held = queues; // with the names that the client gave
              std::erase_if(held, [&](const auto& x) {
                return std::ranges::find(locked.queues, x.queue)
                       == locked.queues.end();
              });
              context.answer(from, remoting::response_code::success, {}, {},
                             remoting::encode_locked(held));
            });
}

} // namespace troupe::handlers
