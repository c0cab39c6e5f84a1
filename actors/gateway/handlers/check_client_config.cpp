/// CHECK_CLIENT_CONFIG: whether a subscription can be served, asked by
/// consumers with a filter before they start.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/group_bodies.hpp"

namespace troupe::handlers {

void check_client_config(gateway_context& context, request& asked) {
  auto wish = remoting::decode_subscription_check(asked.command.body());
  if (!wish)
    return context.fail(asked.from, wish.error());
  if (wish->type == expression_type::sql92)
    if (auto filter = context.filters().compile(wish->expression); !filter)
      return context.fail(asked.from, filter.error());
  context.answer(asked.from, remoting::response_code::success);
}

} // namespace troupe::handlers
