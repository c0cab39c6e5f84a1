/// GET_ALL_DELAY_OFFSET: how far every delay level is delivered.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/group_bodies.hpp"

namespace troupe::handlers {

void get_all_delay_offset(gateway_context& context, request& asked) {
  context.ask(asked.from, context.options().scheduler, describe_delays{},
              [&context, from = asked.from](const delay_report& report) {
                std::map<std::int32_t, std::int64_t> table;
                for (const auto& x : report.levels)
                  table[x.level] = x.delivered.value;
                context.answer(from, remoting::response_code::success, {}, {},
                               remoting::encode_delay_table(table));
              });
}

} // namespace troupe::handlers
