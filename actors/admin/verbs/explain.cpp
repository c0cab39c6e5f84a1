/// explain: what the node is busy with, and what stands in its way.
#include "admin/live.hpp"
#include "admin/texts.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::verbs {

namespace {

std::string percent(double share) {
  return std::to_string(std::lround(share * 100)) + " %";
}

/// What the log and the disk say.
caf::error add_log(admin_context& context, table& to) {
  auto log = context.ask<log_report>(context.node().log, describe_log{});
  if (!log)
    return std::move(log.error());
  if (!log->failure.empty())
    to.rows.push_back({"/log", "stores nothing", log->failure});
  auto unsynced = log->written - log->synced;
  to.rows.push_back(
    {"/log", std::to_string(unsynced) + " bytes wait for a sync",
     unsynced > (64 << 20) ? "the disk is slower than what comes" : ""});
  return caf::none;
}

} // namespace

answer explain(admin_context& context, arguments& words) {
  auto ms = words.number("for", 1000, 10, 60'000);
  auto what = words.required("WHAT");
  if (auto error = words.finish())
    return error;
  if (what != "busy")
    return make_error(errc::invalid_argument,
                      "`explain busy` is what can be explained; not `" + what
                        + "`");
  auto live = find_live(context, {"/", true});
  if (!live)
    return std::move(live.error());
  auto seen = observe(context, std::move(*live), std::chrono::milliseconds{ms});
  table result;
  result.columns = {"actor", "finding", "means"};
  double all = 0;
  for (const auto& x : seen)
    all += x.who.where == "pinned" ? x.busy : 0;
  result.rows.push_back({"reactor",
                         "actors are busy for " + percent(all) + " of a core",
                         all > 0.8   ? "it is near its limit"
                         : all > 0.4 ? "it works hard, with room left"
                                     : "there is room"});
  std::ranges::sort(seen, std::greater{}, &activity::busy);
  constexpr std::size_t shown_max = 5;
  for (std::size_t i = 0; i < seen.size() && i < shown_max; ++i)
    if (seen[i].busy >= 0.005)
      result.rows.push_back(
        {seen[i].who.path,
         "busy for " + percent(seen[i].busy) + ", "
           + std::to_string(std::lround(seen[i].rate)) + " messages/s",
         seen[i].mailbox > 1000
           ? "its mail piles up: " + std::to_string(seen[i].mailbox)
               + " messages wait"
           : ""});
  if (context.node().log)
    if (auto error = add_log(context, result))
      return error;
  auto gateway =
    context.ask<gateway_report>(context.node().gateway, describe_gateway{});
  if (!gateway)
    return std::move(gateway.error());
  result.rows.push_back(
    {"/gateway", std::to_string(gateway->connections) + " connections", ""});
  if (gateway->refused > 0)
    result.rows.push_back(
      {"/gateway",
       std::to_string(gateway->refused) + " requests refused since start",
       "clients were answered with errors; their logs say which"});
  return result;
}

} // namespace troupe::verbs
