/// UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST, several groups at once.
#include "gateway/handlers/handlers.hpp"
#include "remoting/bodies/group_bodies.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace troupe::handlers {

namespace {

using configs_ptr = std::shared_ptr<std::vector<group_config>>;

/// One after the other; the first one that is refused ends it with its error.
void update_each(gateway_context& context, const caller& from,
                 const configs_ptr& rest) {
  if (rest->empty())
    return context.answer(from, remoting::response_code::success);
  update_group message{std::move(rest->back())};
  rest->pop_back();
  context.ask(from, context.options().directory, std::move(message),
              [&context, from, rest](const directory_changed&) {
                update_each(context, from, rest);
              });
}

} // namespace

void update_and_create_subscriptiongroup_list(gateway_context& context,
                                              request& asked) {
  auto configs = remoting::decode_group_configs(asked.command.body());
  if (!configs)
    return context.fail(asked.from, configs.error());
  update_each(context, asked.from,
              std::make_shared<std::vector<group_config>>(std::move(*configs)));
}

} // namespace troupe::handlers
