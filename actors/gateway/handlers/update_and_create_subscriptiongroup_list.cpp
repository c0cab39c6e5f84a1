/// UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST, several groups at once.
#include "gateway/handlers/update_list.hpp"
#include "remoting/bodies/group_bodies.hpp"

namespace troupe::handlers {

void update_and_create_subscriptiongroup_list(gateway_context& context,
                                              request& asked) {
  auto configs = remoting::decode_group_configs(asked.command.body());
  if (!configs)
    return context.fail(asked.from, configs.error());
  update_each<update_group>(
    context, asked.from,
    std::make_shared<std::vector<group_config>>(std::move(*configs)));
}

} // namespace troupe::handlers
