/// POP_ROLLBACK: brings what is popped from RocketMQ's second store into its
/// first one. Here it lies in one store always.
#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

void pop_rollback(gateway_context& context, request& asked) {
  context.answer(asked.from, remoting::response_code::success);
}

} // namespace troupe::handlers
