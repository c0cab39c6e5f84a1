/// GET_BROKER_CLUSTER_INFO: all brokers and clusters.
#include "gateway/handlers/handlers.hpp"
#include "gateway/handlers/own_address.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_broker_cluster_info(gateway_context& context, request& asked) {
  context.ask(asked.from, context.options().names, describe_cluster{},
              [&context, from = asked.from,
               own = own_address(context, asked.on)](cluster_table& table) {
                for (auto& [name, broker] : table.brokers)
                  name_own(broker, own);
                context.answer(from, remoting::response_code::success, {}, {},
                               remoting::encode_cluster(table));
              });
}

} // namespace troupe::handlers
