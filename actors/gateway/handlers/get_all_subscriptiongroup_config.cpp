/// GET_ALL_SUBSCRIPTIONGROUP_CONFIG: the settings of all groups.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_all_subscriptiongroup_config(gateway_context& context,
                                      request& asked) {
  list_groups message;
  context.ask(asked.from, context.options().directory, std::move(message),
              [&context, from = asked.from](const group_list& x) {
                context.answer(
                  from, remoting::response_code::success, {}, {},
                  remoting::encode_group_table(x.version, x.groups));
              });
}

} // namespace troupe::handlers
