/// GET_COLD_DATA_FLOW_CTR_INFO: no group is slowed down because it reads old
/// messages, so no group is listed.
#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

void get_cold_data_flow_ctr_info(gateway_context& context, request& asked) {
  context.answer(asked.from, remoting::response_code::success, {}, {},
                 R"({"cgColdReadThreshold":0,"configTable":{},"globalAcc":0,)"
                 R"("globalColdReadThreshold":0,"runtimeTable":{}})");
}

} // namespace troupe::handlers
