/// timers: messages that wait for their time, by delay level.
#include "admin/texts.hpp"
#include "admin/verbs/verbs_of_node.hpp"

namespace troupe::verbs {

answer timers(admin_context& context, arguments& words) {
  auto everything = words.flag("all");
  if (auto error = words.finish())
    return error;
  auto report =
    context.ask<delay_report>(context.node().scheduler, describe_delays{});
  if (!report)
    return std::move(report.error());
  table result;
  result.columns = {"level", "delay", "waiting", "delivered"};
  for (const auto& x : report->levels) {
    auto waiting = x.max - x.delivered;
    if (waiting > 0 || everything)
      result.rows.push_back(
        {x.level, duration_text(context.node().delays.delay_ms(x.level)),
         waiting, x.delivered.value});
  }
  if (result.rows.empty())
    result.note = "no message waits; --all lists every level";
  return result;
}

} // namespace troupe::verbs
