/// GET_KV_CONFIG: one shared setting.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_kv_config(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  get_setting message{std::string{command.find("namespace")},
                      std::string{command.find("key")}};
  context.ask(asked.from, context.options().names, std::move(message),
              [&context, from = asked.from](const setting_found& x) {
                context.answer(from, remoting::response_code::success, {},
                               {{"value", x.value}});
              });
}

} // namespace troupe::handlers
