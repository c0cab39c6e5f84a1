/// RESUME_CHECK_HALF_MESSAGE: a transaction that was given up is asked about
/// again. Sheet remoting, table of admin requests.
#include "gateway/handlers/handlers.hpp"

#include "troupe/model/message_id.hpp"

namespace troupe::handlers {

void resume_check_half_message(gateway_context& context, request& asked) {
  std::string id{asked.command.find("msgId")};
  auto position = position_of_message_id(id);
  if (!position)
    return context.fail(
      asked.from, make_error(errc::malformed_request,
                             "msgId `" + id
                               + "` is no id of a stored message: 32 or 56 "
                                 "hexadecimal digits"));
  context.ask(asked.from, context.options().transactions,
              resume_transaction{*position},
              [&context, from = asked.from](const transaction_resumed&) {
                context.answer(from, remoting::response_code::success);
              });
}

} // namespace troupe::handlers
