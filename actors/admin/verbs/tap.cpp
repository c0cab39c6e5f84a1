/// tap: what flows through an actor, for a while; ends by itself and says what
/// it cost.
#include "admin/live.hpp"
#include "admin/paths.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include <algorithm>

namespace troupe::verbs {

answer tap(admin_context& context, arguments& words) {
  auto ms = words.number("for", 1000, 10, 60'000);
  auto count = words.number("count", 10'000, 1, 1'000'000);
  auto path = words.required("PATH");
  if (auto error = words.finish())
    return error;
  auto at = find_place(context, path);
  if (!at)
    return std::move(at.error());
  auto live = find_live(context, {at->path, true});
  if (!live)
    return std::move(live.error());
  auto found = std::ranges::find(*live, at->path, &live_one::path);
  if (found == live->end())
    return make_error(errc::path_not_found, "no actor is in use at " + at->path
                                              + "; `ps " + at->path
                                              + "` lists those that are");
  auto* own = meter_of(found->actor);
  if (own == nullptr)
    return make_error(errc::not_supported,
                      at->path
                        + " is not counted; `ps` shows a rate for "
                          "those that can be tapped");
  if (!own->own_meter().tap(count, std::chrono::milliseconds{ms}))
    return make_error(errc::busy, "somebody taps " + at->path + " already");
  auto began = meter::clock_ns();
  constexpr std::chrono::milliseconds step{20};
  while (own->own_meter().is_tapped()
         && meter::clock_ns() - began < ms * 1'000'000)
    if (!context.pause(step))
      break;
  auto seen = own->own_meter().end_tap();
  table result;
  result.columns = {"message", "count", "mean_us", "most_us", "total_ms"};
  auto us = [](std::int64_t ns) { return static_cast<double>(ns / 100) / 10; };
  for (const auto& [name, row] : seen.rows)
    result.rows.push_back({name, row.count, us(row.total_ns / row.count),
                           us(row.most_ns),
                           static_cast<double>(row.total_ns / 1000) / 1000});
  std::ranges::stable_sort(result.rows, std::greater{},
                           [](const table_row& x) { return x[1].number; });
  result.note = std::to_string(seen.count) + " messages in "
                + std::to_string((meter::clock_ns() - began) / 1'000'000)
                + " ms; tapping cost "
                + std::to_string(seen.count > 0 ? seen.cost_ns / seen.count : 0)
                + " ns for each";
  return result;
}

} // namespace troupe::verbs
