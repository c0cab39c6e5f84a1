/// ls: what lies below a path.
#include "admin/paths.hpp"
#include "admin/verbs/verbs_of_node.hpp"

namespace troupe::verbs {

answer ls(admin_context& context, arguments& words) {
  auto path = words.next().value_or("/");
  if (auto error = words.finish())
    return error;
  auto at = find_place(context, path);
  if (!at)
    return std::move(at.error());
  auto entries = list_below(context, *at, limits::admin_rows_max + 1);
  if (!entries)
    return std::move(entries.error());
  table result;
  result.columns = {"path", "kind", "what"};
  if (entries->size() > limits::admin_rows_max) {
    entries->pop_back();
    result.note = "there are more; only the first "
                  + std::to_string(limits::admin_rows_max) + " are shown";
  }
  for (auto& x : *entries)
    result.rows.push_back(
      {std::move(x.path), std::move(x.kind), std::move(x.what)});
  return result;
}

} // namespace troupe::verbs
