/// GET_KVLIST_BY_NAMESPACE: all shared settings of a namespace.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/topic_bodies.hpp"

namespace troupe::handlers {

void get_kvlist_by_namespace(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  list_settings message{std::string{command.find("namespace")}};
  context.ask(asked.from, context.options().names, std::move(message),
              [&context, from = asked.from](const settings_found& x) {
                std::vector<std::pair<std::string, std::string>> rows{
                  x.values.begin(), x.values.end()};
                context.answer(from, remoting::response_code::success, {}, {},
                               remoting::encode_kv_table(rows));
              });
}

} // namespace troupe::handlers
