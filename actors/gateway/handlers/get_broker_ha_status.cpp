/// GET_BROKER_HA_STATUS: this broker is a master, and how long its log is; it
/// has no slaves.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/admin_bodies.hpp"

namespace troupe::handlers {

void get_broker_ha_status(gateway_context& context, request& asked) {
  context.ask(asked.from, context.options().log, describe_log{},
              [&context, from = asked.from](const log_report& x) {
                context.answer(from, remoting::response_code::success, {}, {},
                               remoting::encode_ha_status(x.written.value));
              });
}

} // namespace troupe::handlers
