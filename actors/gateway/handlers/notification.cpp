/// NOTIFICATION: waits until a pop would find something, and takes nothing.
#include "gateway/handlers/handlers.hpp"
#include "gateway/popping.hpp"

namespace troupe::handlers {

namespace {

void answer_notice(gateway_context& context, const caller& from,
                   pop_status status) {
  context.answer(
    from, remoting::response_code::success, {},
    {{"hasMsg", status == pop_status::found ? "true" : "false"},
     {"pollingFull", status == pop_status::waiting_full ? "true" : "false"}});
}

} // namespace

void notification(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  auto queue = command.int32("queueId");
  auto poll = command.int64("pollTime");
  if (!queue || !poll)
    return context.fail(asked.from, !queue ? queue.error() : poll.error());
  epoch_ms born{command.int64_or("bornTime", 0)};
  if (is_late(born, *poll))
    return context.answer(asked.from, remoting::response_code::polling_timeout,
                          "the broker[" + context.options().broker_name
                            + "] notification is timeout too much",
                          {{"hasMsg", "false"}, {"pollingFull", "false"}});
  pop_request wish;
  wish.from = asked.from;
  wish.wish.group = command.find("consumerGroup");
  wish.wish.topic = command.find("topic");
  wish.wish.queue = {std::max(*queue, -1)};
  wish.wish.purpose = pop_purpose::notice;
  wish.wish.order =
    command.boolean_or("order", false) ? pop_order::in_order : pop_order::any;
  wish.wish.attempt = command.find("attemptId");
  wish.wish.messages_max = 1;
  wish.wish.wait_until = hold_until(born, *poll);
  wish.wish.from = context.link_of(asked.from);
  check_pop(context, std::move(wish), [&context](const pop_request& checked) {
    if (checked.wish.wait_until.value > 0)
      end_with_connection(context, checked.from);
    context.self()
      ->request(context.options().pop, caf::infinite, checked.wish)
      .then(
        [&context, checked](const pop_result& result) {
          answer_notice(context, checked.from, result.status);
        },
        [&context, checked](caf::error& error) {
          context.fail(checked.from, error);
        });
  });
}

} // namespace troupe::handlers
