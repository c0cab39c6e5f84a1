/// ps: the actors that live, and what they do with their time.
#include "admin/live.hpp"
#include "admin/paths.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace troupe::verbs {

namespace {

const std::vector<std::string>& ps_columns() {
  static const std::vector<std::string> columns{
    "path",        "kind", "runs", "state",    "mailbox",
    "wait_p99_us", "busy", "rate", "restarts", "bytes"};
  return columns;
}

double rounded(double x) {
  return std::round(x * 1000) / 1000;
}

/// What waits for a custom actor are its messages, what it has is its state.
table_row row_of(const activity& x) {
  const auto& custom = x.who.custom;
  auto bytes = x.bytes + (custom ? custom->state_bytes : 0);
  return {x.who.path,
          x.who.kind,
          x.who.where,
          custom ? to_string(custom->state) : "alive",
          x.measured ? cell{x.mailbox + (custom ? custom->waiting : 0)}
                     : cell{},
          x.wait_p99_us >= 0 ? cell{x.wait_p99_us} : cell{},
          x.measured ? cell{rounded(x.busy)} : cell{},
          x.measured ? cell{std::round(x.rate)} : cell{},
          x.who.restarts,
          x.measured ? cell{bytes} : cell{}};
}

/// Rows of actors that others have registered. A manager tells of all its own.
void add_registered(admin_context& context, const std::string& below,
                    table& to) {
  for (const auto& [path, entry] : context.paths()) {
    auto inside =
      below == "/" || path == below || path.starts_with(below + "/");
    auto root = path.substr(0, path.find('/', 1));
    auto is_manager = root == path;
    if (!inside && !(is_manager && below.starts_with(path + "/")))
      continue;
    if (!is_manager) {
      if (!context.paths().contains(root))
        to.rows.push_back({path, entry.kind, cell{}, "alive", cell{}, cell{},
                           cell{}, cell{}, cell{}, cell{}});
      continue;
    }
    auto told = context.ask<table>(entry.actor, actor_question{"ps", {}});
    if (!told)
      continue; // it does not tell
    for (const auto& row : told->rows) {
      table_row mine(ps_columns().size());
      for (std::size_t i = 0; i < told->columns.size() && i < row.size(); ++i) {
        auto column = std::ranges::find(ps_columns(), told->columns[i]);
        if (column != ps_columns().end())
          mine[static_cast<std::size_t>(column - ps_columns().begin())] =
            row[i];
      }
      to.rows.push_back(std::move(mine));
    }
  }
}

/// Without what the path says as well, for narrow screens.
table brief(const table& whole) {
  std::vector<std::size_t> kept;
  table result;
  for (std::size_t i = 0; i < whole.columns.size(); ++i)
    if (whole.columns[i] != "kind" && whole.columns[i] != "runs") {
      kept.push_back(i);
      result.columns.push_back(whole.columns[i]);
    }
  for (const auto& row : whole.rows) {
    auto& line = result.rows.emplace_back();
    for (auto i : kept)
      line.push_back(row[i]);
  }
  result.note = whole.note;
  return result;
}

double number_of(const cell& x) {
  return x.kind == cell_kind::real     ? x.real
         : x.kind == cell_kind::number ? static_cast<double>(x.number)
                                       : -1;
}

} // namespace

answer ps(admin_context& context, arguments& words) {
  live_wish wish;
  wish.queues = words.flag("queues");
  auto is_brief = words.flag("brief");
  auto ms = words.number("for", 250, 10, 60'000);
  auto limit =
    words.number("limit", static_cast<std::int64_t>(limits::admin_rows_max), 1,
                 static_cast<std::int64_t>(limits::admin_rows_max));
  auto by = words.option("by");
  auto path = words.next().value_or("/");
  if (auto error = words.finish())
    return error;
  std::size_t column = ps_columns().size();
  if (by) {
    auto found = std::ranges::find(ps_columns(), *by);
    if (found == ps_columns().end())
      return make_error(errc::invalid_argument,
                        "--by names a column, such as busy, rate or mailbox; "
                        "not `"
                          + *by + "`");
    column = static_cast<std::size_t>(found - ps_columns().begin());
  }
  auto at = find_place(context, path);
  if (!at)
    return std::move(at.error());
  wish.below = at->path;
  auto live = find_live(context, wish);
  if (!live)
    return std::move(live.error());
  table result;
  result.columns = ps_columns();
  for (const auto& x :
       observe(context, std::move(*live), std::chrono::milliseconds{ms}))
    result.rows.push_back(row_of(x));
  add_registered(context, wish.below, result);
  if (column < ps_columns().size())
    std::ranges::stable_sort(
      result.rows, std::greater{},
      [&](const table_row& row) { return number_of(row[column]); });
  if (result.rows.size() > static_cast<std::size_t>(limit))
    result.rows.resize(static_cast<std::size_t>(limit));
  if (result.rows.empty())
    result.note = "no actor is in use at " + wish.below;
  return is_brief ? brief(result) : result;
}

} // namespace troupe::verbs
