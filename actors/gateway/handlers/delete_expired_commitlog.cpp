/// DELETE_EXPIRED_COMMITLOG: segments that have expired go now, not only at the
/// hours of deleteWhen.
#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

void delete_expired_commitlog(gateway_context& context, request& asked) {
  context.self()->send(context.options().retention, clean_now{});
  context.answer(asked.from, remoting::response_code::success);
}

} // namespace troupe::handlers
