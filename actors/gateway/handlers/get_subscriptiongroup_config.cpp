/// GET_SUBSCRIPTIONGROUP_CONFIG: the settings of one group.
#include "gateway/handlers/topic_queue.hpp"

#include "remoting/bodies/group_bodies.hpp"

namespace troupe::handlers {

void get_subscriptiongroup_config(gateway_context& context, request& asked) {
  ask_group(context, asked.from, asked.command.find("group"), false,
            list_members{},
            [&context, from = asked.from](const group_members& x) {
              context.answer(from, remoting::response_code::success, {}, {},
                             remoting::encode_group_config(x.snapshot->config));
            });
}

} // namespace troupe::handlers
