/// ACK_MESSAGE: a popped message has been consumed. Answered when that is
/// durable; one that was revived meanwhile is answered as well.
#include "gateway/handlers/handlers.hpp"
#include "gateway/popping.hpp"

namespace troupe::handlers {

void ack_message(gateway_context& context, request& asked) {
  auto wish = read_receipt(asked);
  if (!wish)
    return context.fail(asked.from, wish.error());
  context.ask_untimed(
    wish->from, context.options().pop,
    ack_popped{wish->lease, {wish->offset}, wish->order},
    [&context, wish = *wish](const popped_acked& done) {
      auto fine = [&context, from = wish.from] {
        context.answer(from, remoting::response_code::success);
      };
      if (done.illegal)
        return context.answer(wish.from,
                              remoting::response_code::message_illegal,
                              "offset is illegal: the pop took no message "
                              "there");
      if (done.unknown == 0)
        return fine();
      answer_unknown_receipt(context, wish, receipt_bounds::up_to_max, fine);
    });
}

} // namespace troupe::handlers
