/// UPDATE_AND_CREATE_TOPIC_LIST, several topics at once.
#include "gateway/handlers/update_list.hpp"
#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void update_and_create_topic_list(gateway_context& context, request& asked) {
  auto configs = remoting::decode_topic_configs(asked.command.body());
  if (!configs)
    return context.fail(asked.from, configs.error());
  update_each<update_topic>(
    context, asked.from,
    std::make_shared<std::vector<topic_config>>(std::move(*configs)));
}

} // namespace troupe::handlers
