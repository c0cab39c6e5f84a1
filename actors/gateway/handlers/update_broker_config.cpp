/// UPDATE_BROKER_CONFIG: settings that may change while the node runs. They are
/// kept: the next start begins with them, unless what is configured has
/// changed.
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
  put_kv keep{{}, changed->kept};
  context.set_live(std::move(*changed));
  context.ask(asked.from, options.store, std::move(keep),
              [&context, from = asked.from](const stored&) {
                context.answer(from, remoting::response_code::success);
              });
}

} // namespace troupe::handlers
