/// CLEAN_UNUSED_TOPIC: queues of topics without settings shall go.
#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

void clean_unused_topic(gateway_context& context, request& asked) {
  // There are none: a topic's queues are removed with its settings.
  context.answer(asked.from, remoting::response_code::success);
}

} // namespace troupe::handlers
