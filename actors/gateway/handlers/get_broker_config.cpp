/// GET_BROKER_CONFIG, the settings of the broker.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_broker_config(gateway_context& context, request& asked) {
  data_version version;
  version.timestamp = context.options().started.value;
  auto text = remoting::encode_data_version(version);
  context.answer(asked.from, remoting::response_code::success, {},
                 {{"version", text}},
                 remoting::encode_properties(context.options().settings));
}

} // namespace troupe::handlers
