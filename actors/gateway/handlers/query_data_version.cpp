/// QUERY_DATA_VERSION: a broker asks whether its topics must be sent again.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void query_data_version(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  auto version = remoting::decode_data_version(command.body());
  if (!version)
    return context.fail(asked.from, version.error());
  troupe::query_data_version message{std::string{command.find("clusterName")},
                                     std::string{command.find("brokerName")},
                                     std::string{command.find("brokerAddr")},
                                     *version};
  context.ask(asked.from, context.options().names, std::move(message),
              [&context, from = asked.from](const data_version_state& x) {
                context.answer(from, remoting::response_code::success, {},
                               {{"changed", x.changed ? "true" : "false"}},
                               x.held ? remoting::encode_data_version(*x.held)
                                      : std::string{});
              });
}

} // namespace troupe::handlers
