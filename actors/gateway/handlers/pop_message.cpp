/// POP_MESSAGE: takes messages for a time; those not acknowledged come again.
#include "gateway/handlers/handlers.hpp"
#include "gateway/popping.hpp"

namespace troupe::handlers {

namespace {

caf::expected<pop_request> read_pop(gateway_context& context,
                                    const request& asked) {
  const auto& command = asked.command;
  auto queue = command.int32("queueId");
  auto messages = command.int32("maxMsgNums");
  auto invisible = command.int64("invisibleTime");
  auto poll = command.int64("pollTime");
  for (const auto* error : {!queue ? &queue.error() : nullptr,
                            !messages ? &messages.error() : nullptr,
                            !invisible ? &invisible.error() : nullptr,
                            !poll ? &poll.error() : nullptr})
    if (error != nullptr)
      return *error;
  pop_request result;
  result.from = asked.from;
  auto& wish = result.wish;
  wish.group = command.find("consumerGroup");
  wish.topic = command.find("topic");
  wish.queue = {std::max(*queue, -1)};
  wish.order =
    command.boolean_or("order", false) ? pop_order::in_order : pop_order::any;
  wish.start =
    command.int32_or("initMode", 0) == 0 ? pop_start::min : pop_start::max;
  wish.messages_max = *messages;
  wish.invisible_ms = *invisible;
  wish.wait_until = hold_until({command.int64_or("bornTime", 0)}, *poll);
  wish.attempt = command.find("attemptId");
  wish.from = context.link_of(asked.from);
  auto filter = pop_filter_of(context, result, command.find("exp"),
                              command.find("expType"));
  if (!filter)
    return std::move(filter.error());
  wish.filter = std::move(*filter);
  return result;
}

caf::error why_bad(const pop_messages& wish) {
  if (wish.messages_max < 1 || wish.messages_max > limits::pop_messages_max)
    return make_error(errc::invalid_argument,
                      "the broker's pop message's num is greater than "
                        + std::to_string(limits::pop_messages_max)
                        + " or less than 1");
  if (wish.invisible_ms < 0)
    return make_error(errc::invalid_argument,
                      "invisibleTime must not be negative");
  return caf::none;
}

void ask_pop(gateway_context& context, const pop_request& asked) {
  if (asked.wish.wait_until.value > 0)
    end_with_connection(context, asked.from);
  context.self()
    ->request(context.options().pop, caf::infinite, asked.wish)
    .then([&context, asked](
            const pop_result& result) { answer_pop(context, asked, result); },
          [&context, asked](caf::error& error) {
            context.fail(asked.from, error);
          });
}

} // namespace

void pop_message(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  if (is_late({command.int64_or("bornTime", 0)},
              command.int64_or("pollTime", 0)))
    return context.answer(asked.from, remoting::response_code::polling_timeout,
                          "the broker[" + context.options().broker_name
                            + "] pop message is timeout too much",
                          {{"popTime", "0"},
                           {"invisibleTime", "0"},
                           {"reviveQid", "0"},
                           {"restNum", "0"}});
  auto wish = read_pop(context, asked);
  if (!wish)
    return context.fail(asked.from, wish.error());
  if (auto error = why_bad(wish->wish))
    return context.fail(asked.from, error);
  check_pop(context, std::move(*wish), [&context](const pop_request& checked) {
    ask_pop(context, checked);
  });
}

} // namespace troupe::handlers
