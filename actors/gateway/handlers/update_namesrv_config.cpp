/// UPDATE_NAMESRV_CONFIG: a name server has nothing that could change.
#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

void update_namesrv_config(gateway_context& context, request& asked) {
  context.fail(asked.from,
               make_error(errc::no_permission,
                          "the name server has no setting that can be changed "
                          "while it runs: restart it with another command line "
                          "or configuration file; the broker's are changed by "
                          "updateBrokerConfig"));
}

} // namespace troupe::handlers
