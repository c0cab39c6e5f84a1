/// SEND_BATCH_MESSAGE.
#include "gateway/handlers/handlers.hpp"
#include "gateway/sending.hpp"

namespace troupe::handlers {

void send_batch_message(gateway_context& context, request& asked) {
  auto message = read_send_request(context, asked);
  if (!message)
    return context.fail(asked.from, message.error());
  message->batch = true;
  send(context, std::move(*message));
}

} // namespace troupe::handlers
