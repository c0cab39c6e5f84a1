/// timers: messages that wait for their time.
#include "admin/texts.hpp"
#include "admin/verbs/verbs_of_node.hpp"

namespace troupe::verbs {

namespace {

answer levels(admin_context& context, arguments& words) {
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
    result.note = "no message waits at a delay level; --all lists them";
  return result;
}

answer list(admin_context& context, arguments& words) {
  auto count = static_cast<std::size_t>(words.number("count", 100, 1, 10'000));
  if (auto error = words.finish())
    return error;
  table result;
  result.columns = {"due", "topic", "id", "stored"};
  list_timers page;
  while (result.rows.size() < count) {
    auto some = context.ask<timer_list>(context.node().timers, page);
    if (!some)
      return std::move(some.error());
    for (const auto& x : some->rows) {
      page.after = {x.due, x.position.value};
      if (result.rows.size() < count)
        result.rows.push_back(
          {time_text(x.due), x.topic, x.unique_key, time_text(x.store_time)});
    }
    if (some->last || some->rows.empty())
      break;
  }
  if (result.rows.empty())
    result.note = "no message waits for a moment of its own";
  return result;
}

} // namespace

answer timers(admin_context& context, arguments& words) {
  auto action = words.next().value_or("levels");
  if (action == "levels")
    return levels(context, words);
  if (action == "list")
    return list(context, words);
  return words.refuse_action("timers can list, levels", action);
}

} // namespace troupe::verbs
