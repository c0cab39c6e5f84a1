/// SEND_REPLY_MESSAGE: an answer to a message that was sent with request().
#include "gateway/handlers/handlers.hpp"
#include "gateway/replying.hpp"

namespace troupe::handlers {

void send_reply_message(gateway_context& context, request& asked) {
  auto message = read_send_request_v1(context, asked);
  if (!message)
    return context.fail(asked.from, message.error());
  reply(context, std::move(*message));
}

} // namespace troupe::handlers
