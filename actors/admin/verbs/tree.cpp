/// tree: who watches whom, and what follows when one dies.
#include "admin/live.hpp"
#include "admin/verbs/verbs_of_node.hpp"

namespace troupe::verbs {

namespace {

void add(table& to, std::size_t depth, const std::string& name,
         const std::string& path, const char* then) {
  to.rows.push_back({std::string(2 * depth, ' ') + name, path, then});
}

constexpr const char* node_ends = "the node ends, and recovers when started";
constexpr const char* made_anew = "made anew by directory on next use";

} // namespace

answer tree(admin_context& context, arguments& words) {
  auto queues = words.flag("queues");
  if (auto error = words.finish())
    return error;
  auto live = find_live(context, {"/", true});
  if (!live)
    return std::move(live.error());
  table result;
  result.columns = {"actor", "path", "when_it_dies"};
  add(result, 0, "supervisor", "", node_ends);
  add(result, 1, "admin", "", node_ends);
  auto add_kind = [&](const char* kind) {
    for (const auto& x : *live)
      if (x.kind == kind)
        add(result, 2, kind, x.path, made_anew);
  };
  for (const auto& member : context.node().cast) {
    add(result, 1, member.kind, member.path, node_ends);
    if (member.path != "/directory")
      continue;
    add_kind("group");
    add_kind("producer");
    for (const auto& topic : *live) {
      if (topic.kind != "topic")
        continue;
      add(result, 2, "topic", topic.path, made_anew);
      auto folder = "/queue/" + topic.path.substr(7) + "/";
      for (const auto& queue : *live)
        if (queues && queue.kind == "queue" && queue.path.starts_with(folder))
          add(result, 3, "queue", queue.path, "its topic ends with it");
    }
  }
  for (const auto& [path, entry] : context.paths())
    add(result, 1, entry.kind, path, "as its manager decides");
  if (result.rows.size() > limits::admin_rows_max)
    result.rows.resize(limits::admin_rows_max);
  return result;
}

} // namespace troupe::verbs
