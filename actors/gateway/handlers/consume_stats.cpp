#include "gateway/handlers/consume_stats.hpp"

#include <algorithm>

namespace troupe::handlers {

namespace {

remoting::consume_stats_row row_of(const gateway_context& context,
                                   const backlog_row& x) {
  remoting::consume_stats_row row;
  row.queue = {context.options().broker_name, x.queue};
  row.broker_offset = x.max.value;
  // Popped messages lie behind the progress: here they are in flight.
  row.consumer_offset = std::max<std::int64_t>(x.committed.value - x.passed, 0);
  row.pull_offset = std::max(row.consumer_offset, x.handed_to.value);
  row.last_time = x.consumed_to.value;
  return row;
}

} // namespace

void gather_consume_stats(gateway_context& context, const std::string& group,
                          const std::string& topic,
                          std::function<void(group_stats&)> then) {
  context.ask_or(
    context.options().backlog, describe_backlog{group, topic},
    [=, &context](const backlog_report& report) {
      group_stats stats;
      stats.group = group;
      for (const auto& x : report.rows) {
        stats.rows.push_back(row_of(context, x));
        stats.per_second += x.consume_rate;
      }
      then(stats);
    },
    [=](caf::error&) { // there is no such group
      group_stats nothing;
      nothing.group = group;
      then(nothing);
    });
}

} // namespace troupe::handlers
