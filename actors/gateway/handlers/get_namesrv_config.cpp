/// GET_NAMESRV_CONFIG, the settings of the name server.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_namesrv_config(gateway_context& context, request& asked) {
  context.answer(asked.from, remoting::response_code::success, {}, {},
                 remoting::encode_properties(context.options().settings));
}

} // namespace troupe::handlers
