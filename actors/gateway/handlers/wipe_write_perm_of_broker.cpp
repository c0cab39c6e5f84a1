/// WIPE_WRITE_PERM_OF_BROKER, takes the write bit off all topics of a broker.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void wipe_write_perm_of_broker(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  change_write_perm message{std::string{command.find("brokerName")}, false};
  context.ask(asked.from, context.options().names, std::move(message),
              [&context, from = asked.from](const write_perm_changed& x) {
                auto count = std::to_string(x.topics);
                context.answer(from, remoting::response_code::success, {},
                               {{"wipeTopicCount", count}});
              });
}

} // namespace troupe::handlers
