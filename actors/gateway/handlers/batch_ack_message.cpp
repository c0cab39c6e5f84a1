/// BATCH_ACK_MESSAGE: many acknowledgements at once, of several pops.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/pop_bodies.hpp"

#include <memory>

namespace troupe::handlers {

namespace {

/// Answers when the last one is durable.
struct open_batch {
  caller from;
  std::size_t left = 0;
  caf::error failure;
};

} // namespace

void batch_ack_message(gateway_context& context, request& asked) {
  auto none = [&] {
    context.answer(asked.from, remoting::response_code::no_message,
                   "no ack in the request");
  };
  if (asked.command.body().empty())
    return none();
  auto acks = remoting::decode_batch_ack(asked.command.body());
  if (!acks)
    return context.fail(asked.from, acks.error());
  if (acks->empty())
    return none();
  auto open = std::make_shared<open_batch>();
  open->from = asked.from;
  open->left = acks->size();
  auto settle = [&context, open] {
    if (--open->left > 0)
      return;
    if (open->failure)
      context.fail(open->from, open->failure);
    else
      context.answer(open->from, remoting::response_code::success);
  };
  for (auto& ack : *acks)
    context.ask_or(
      context.options().pop, std::move(ack),
      [settle](const popped_acked&) { settle(); },
      [settle, open](caf::error& error) {
        open->failure = error;
        settle();
      });
}

} // namespace troupe::handlers
