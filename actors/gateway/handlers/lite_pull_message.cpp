/// LITE_PULL_MESSAGE, the same as PULL_MESSAGE for clients that manage queues
/// themselves.
#include "gateway/handlers/handlers.hpp"
#include "gateway/pulling.hpp"

namespace troupe::handlers {

void lite_pull_message(gateway_context& context, request& asked) {
  auto wish = read_pull_request(asked);
  if (!wish)
    return context.fail(asked.from, wish.error());
  pull(context, std::move(*wish));
}

} // namespace troupe::handlers
