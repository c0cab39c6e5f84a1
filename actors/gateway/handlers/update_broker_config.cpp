/// UPDATE_BROKER_CONFIG: settings that may change while the node runs. They
/// last until it ends: what shall stay is written into its configuration file.
#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

void update_broker_config(gateway_context& context, request& asked) {
  const auto& options = context.options();
  if (!options.change_settings)
    return context.fail(asked.from,
                        make_error(errc::not_supported,
                                   "this node was started by a program that "
                                   "lets no settings be changed"));
  auto changed = options.change_settings(asked.command.body());
  if (!changed)
    return context.fail(asked.from, changed.error());
  auto* self = context.self();
  self->send(options.retention, change_retention{changed->live.retention});
  self->send(options.transactions, change_timing{changed->live.transactions});
  context.set_live(std::move(*changed));
  context.answer(asked.from, remoting::response_code::success);
}

} // namespace troupe::handlers
