/// CLEAN_EXPIRED_CONSUMEQUEUE: rows whose messages are gone shall go.
#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

void clean_expired_consumequeue(gateway_context& context, request& asked) {
  // They have gone together with their segment: a queue is trimmed with the
  // log.
  context.answer(asked.from, remoting::response_code::success);
}

} // namespace troupe::handlers
