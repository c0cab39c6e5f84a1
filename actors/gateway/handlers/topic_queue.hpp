/// The queue that a request names by `topic` and `queueId`. Shared by the
/// handlers of questions about one queue.
#pragma once

#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

inline caf::error no_queue(const std::string& topic, std::int32_t queue,
                           std::int32_t queues) {
  return make_error(errc::queue_not_found,
                    "queueId[" + std::to_string(queue) + "] is illegal, topic["
                      + topic + "] has " + std::to_string(queues) + " queues");
}

/// Asks the named queue; `then` gets its answer. A queue that does not exist is
/// answered to the client.
template <class Message, class Then>
void ask_queue(gateway_context& context, const caller& from, std::string topic,
               std::int32_t queue, Message message, Then then) {
  auto* known = context.find_known_topic(topic);
  if (known == nullptr) {
    context.fetch_topic(from, {topic, {}, false}, [=, &context] {
      ask_queue(context, from, topic, queue, message, then);
    });
    return;
  }
  auto queues = static_cast<std::int32_t>(known->view.queues.size());
  if (queue < 0 || queue >= queues)
    return context.fail(from, no_queue(topic, queue, queues));
  context.ask(from, known->view.queues[static_cast<std::size_t>(queue)],
              std::move(message), std::move(then));
}

/// Asks the consumer group of that name; not found is answered to the client.
template <class Message, class Then>
void ask_group(gateway_context& context, const caller& from,
               std::string_view group, bool make, Message message, Then then) {
  context.ask(from, context.options().directory,
              find_group{std::string{group}, make},
              [=, &context](const group_found& found) {
                context.ask(from, found.group, message, then);
              });
}

} // namespace troupe::handlers
