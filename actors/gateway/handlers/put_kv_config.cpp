/// PUT_KV_CONFIG: sets a shared setting.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void put_kv_config(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  put_setting message{std::string{command.find("namespace")},
                      std::string{command.find("key")},
                      std::string{command.find("value")}};
  context.ask(asked.from, context.options().names, std::move(message),
              [&context, from = asked.from](const setting_changed&) {
                context.answer(from, remoting::response_code::success);
              });
}

} // namespace troupe::handlers
