/// GET_ALL_MESSAGE_REQUEST_MODE: how every group consumes every topic.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/pop_bodies.hpp"

namespace troupe::handlers {

void get_all_message_request_mode(gateway_context& context, request& asked) {
  context.ask(asked.from, context.options().pop, list_request_modes{},
              [&context, from = asked.from](const request_modes& found) {
                context.answer(from, remoting::response_code::success, {}, {},
                               remoting::encode_request_modes(found.modes));
              });
}

} // namespace troupe::handlers
