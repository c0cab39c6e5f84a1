/// SEND_MESSAGE.
#include "gateway/handlers/handlers.hpp"
#include "gateway/sending.hpp"

namespace troupe::handlers {

void send_message(gateway_context& context, request& asked) {
  auto message = read_send_request_v1(context, asked);
  if (!message)
    return context.fail(asked.from, message.error());
  send(context, std::move(*message));
}

} // namespace troupe::handlers
