/// GET_CONSUME_STATS: how far a group is behind in each queue, its backlog.
#include "gateway/handlers/consume_stats.hpp"

namespace troupe::handlers {

void get_consume_stats(gateway_context& context, request& asked) {
  gather_consume_stats(
    context, std::string{asked.command.find("consumerGroup")},
    std::string{asked.command.find("topic")},
    [&context, from = asked.from](const group_stats& stats) {
      context.answer(
        from, remoting::response_code::success, {}, {},
        remoting::encode_consume_stats(stats.rows, stats.per_second));
    });
}

} // namespace troupe::handlers
