/// GET_CONSUMER_RUNNING_INFO: asks a consumer about itself and passes its
/// answer on.
#include "gateway/handlers/ask_client.hpp"

namespace troupe::handlers {

void get_consumer_running_info(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  auto question =
    remoting::make_request(remoting::request_code::get_consumer_running_info);
  for (const auto& [name, value] : command.fields())
    question.fields.emplace_back(name, value);
  ask_client(context, asked.from, command.find("consumerGroup"),
             command.find("clientId"), std::move(question));
}

} // namespace troupe::handlers
