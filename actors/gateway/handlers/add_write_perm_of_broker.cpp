/// ADD_WRITE_PERM_OF_BROKER, gives it back.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void add_write_perm_of_broker(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  change_write_perm message{std::string{command.find("brokerName")}, true};
  context.ask(asked.from, context.options().names, std::move(message),
              [&context, from = asked.from](const write_perm_changed& x) {
                auto count = std::to_string(x.topics);
                context.answer(from, remoting::response_code::success, {},
                               {{"addTopicCount", count}});
              });
}

} // namespace troupe::handlers
