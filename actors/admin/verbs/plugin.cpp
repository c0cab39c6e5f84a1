/// plugin: loads shared libraries with custom actors, and lists them.
#include "admin/verbs/verbs_of_node.hpp"

#include "troupe/actor/custom_host.hpp"

#include <map>
#include <string>

namespace troupe::verbs {

namespace {

answer load(admin_context& context, const std::string& file) {
  auto done =
    context.ask<plugin_loaded>(context.node().custom, load_trusted_plugin{file},
                               limits::custom_ask_timeout);
  if (!done)
    return std::move(done.error());
  std::string types;
  for (const auto& x : done->types)
    types += (types.empty() ? "" : ", ") + x;
  auto result = fields_of(
    {{"plugin", done->name}, {"version", done->version}, {"types", types}});
  result.note = "loaded; a start of the node loads it again from there";
  return result;
}

answer list(admin_context& context) {
  auto known = context.ask<custom_list>(context.node().custom, list_custom{});
  if (!known)
    return std::move(known.error());
  std::map<std::string, std::string> types; // by file
  for (const auto& x : known->types) {
    auto& names = types[x.plugin];
    names.append(names.empty() ? "" : ", ").append(x.name);
  }
  table result;
  result.columns = {"file", "types"};
  for (const auto& [file, names] : types)
    result.rows.push_back({file, names});
  for (const auto& why : known->refused)
    result.note += (result.note.empty() ? "" : "\n") + why;
  return result;
}

} // namespace

answer plugin(admin_context& context, arguments& words) {
  auto what = words.required("load or list");
  if (what == "load") {
    auto file = words.required("FILE");
    if (auto error = words.finish())
      return error;
    return load(context, file);
  }
  if (what != "list")
    words.refuse("write load or list, not `" + what + "`");
  if (auto error = words.finish())
    return error;
  return list(context);
}

} // namespace troupe::verbs
