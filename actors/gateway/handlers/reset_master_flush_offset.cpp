/// RESET_MASTER_FLUSH_OFFSET: of a slave. A master says yes and does nothing,
/// as RocketMQ's.
#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

void reset_master_flush_offset(gateway_context& context, request& asked) {
  context.answer(asked.from, remoting::response_code::success);
}

} // namespace troupe::handlers
