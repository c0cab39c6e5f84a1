/// CHANGE_MESSAGE_INVISIBLETIME: a popped message comes again at another time.
#include "gateway/handlers/handlers.hpp"
#include "gateway/popping.hpp"

namespace troupe::handlers {

void change_message_invisibletime(gateway_context& context, request& asked) {
  auto wish = read_receipt(asked);
  auto invisible = asked.command.int64("invisibleTime");
  if (!wish || !invisible)
    return context.fail(asked.from, !wish ? wish.error() : invisible.error());
  auto time = std::max<std::int64_t>(*invisible, 0);
  context.ask_untimed(
    wish->from, context.options().pop,
    postpone_popped{wish->lease, wish->offset, time, wish->order,
                    wish->revive_queue},
    [&context, wish = *wish, time](const popped_postponed& changed) {
      auto fine = [&context, wish, time, changed] {
        auto pop_time = std::to_string(changed.pop_time.value);
        auto revive = std::to_string(wish.revive_queue);
        auto invisible_text = std::to_string(time);
        context.answer(wish.from, remoting::response_code::success, {},
                       {{"popTime", pop_time},
                        {"invisibleTime", invisible_text},
                        {"reviveQid", revive}});
      };
      if (changed.known)
        return fine();
      answer_unknown_receipt(context, wish, receipt_bounds::below_max, fine);
    });
}

} // namespace troupe::handlers
