/// VIEW_MESSAGE_BY_ID: one message by its place in the log.
#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

void view_message_by_id(gateway_context& context, request& asked) {
  auto offset = asked.command.int64("offset");
  if (!offset)
    return context.fail(asked.from, offset.error());
  context.ask(asked.from, context.options().log, read_records{{{*offset}}},
              [&context, from = asked.from](const record_bytes& found) {
                context.answer(from, remoting::response_code::success, {}, {},
                               found.records.front().view());
              });
}

} // namespace troupe::handlers
