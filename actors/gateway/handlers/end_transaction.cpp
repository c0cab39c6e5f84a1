/// END_TRANSACTION: a producer says how its transaction ended. Normally
/// one-way. Sheets remoting 3.5, semantics 14.2.
#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

void end_transaction(gateway_context& context, request& asked) {
  constexpr std::int32_t commit = 8;
  constexpr std::int32_t roll_back = 12;
  const auto& command = asked.command;
  auto half = command.int64("tranStateTableOffset");
  auto position = command.int64("commitLogOffset");
  auto how = command.int32("commitOrRollback");
  if (!half || !position || !how)
    return context.fail(asked.from, !half       ? half.error()
                                    : !position ? position.error()
                                                : how.error());
  if (*how != commit && *how != roll_back)
    return; // unknown: RocketMQ does not answer, it asks again later
  troupe::end_transaction wish;
  wish.group = command.find("producerGroup");
  wish.half = {*half};
  wish.position = {*position};
  wish.commit = *how == commit;
  wish.from_check = command.boolean_or("fromTransactionCheck", false);
  context.ask_untimed(asked.from, context.options().transactions,
                      std::move(wish),
                      [&context, from = asked.from](const transaction_ended&) {
                        context.answer(from, remoting::response_code::success);
                      });
}

} // namespace troupe::handlers
