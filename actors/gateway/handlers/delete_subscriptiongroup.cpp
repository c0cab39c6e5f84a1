/// DELETE_SUBSCRIPTIONGROUP: removes a consumer group; 4.9 and 5.x name the
/// flag for its progress differently.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void delete_subscriptiongroup(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  delete_group message{std::string{command.find("groupName")},
                       command.boolean_or("cleanOffset", false)
                         || command.boolean_or("removeOffset", false)};
  context.ask(asked.from, context.options().directory, std::move(message),
              [&context, from = asked.from](const directory_changed&) {
                context.answer(from, remoting::response_code::success);
              });
}

} // namespace troupe::handlers
