/// SEND_MESSAGE_V2.
#include "gateway/handlers/handlers.hpp"
#include "gateway/sending.hpp"

namespace troupe::handlers {

void send_message_v2(gateway_context& context, request& asked) {
  auto message = read_send_request(context, asked);
  if (!message)
    return context.fail(asked.from, message.error());
  send(context, std::move(*message));
}

} // namespace troupe::handlers
