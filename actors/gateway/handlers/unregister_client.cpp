/// UNREGISTER_CLIENT: a client leaves a producer or consumer group.
#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

void unregister_client(gateway_context& context, request& asked) {
  auto link = context.link_of(asked.from);
  auto leave = [&](std::string_view kind, std::string_view group) {
    if (group.empty())
      return;
    auto found = asked.on.leavers.find(std::string{kind}.append(group));
    if (found == asked.on.leavers.end())
      return;
    found->second(link);
    asked.on.leavers.erase(found);
  };
  leave("producer ", asked.command.find("producerGroup"));
  leave("consumer ", asked.command.find("consumerGroup"));
  context.answer(asked.from, remoting::response_code::success);
}

} // namespace troupe::handlers
