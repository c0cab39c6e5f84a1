/// SET_MESSAGE_REQUEST_MODE: whether a group pulls a topic or pops it.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/pop_bodies.hpp"

#include "troupe/model/names.hpp"

namespace troupe::handlers {

void set_message_request_mode(gateway_context& context, request& asked) {
  auto mode = remoting::decode_request_mode(asked.command.body());
  if (!mode)
    return context.fail(asked.from, mode.error());
  if (names::is_retry_topic(mode->topic))
    return context.answer(asked.from, remoting::response_code::no_permission,
                          "retry topic is not allowed to set mode");
  context.ask(
    asked.from, context.options().directory, find_topic{mode->topic, {}, false},
    [&context, from = asked.from, mode = *mode](const topic_view&) {
      context.ask(from, context.options().pop, troupe::set_request_mode{mode},
                  [&context, from](const request_modes&) {
                    context.answer(from, remoting::response_code::success);
                  });
    });
}

} // namespace troupe::handlers
