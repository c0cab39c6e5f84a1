/// config: the node's settings, as RocketMQ spells them; of one that was
/// changed while the node ran, also what is configured.
#include "admin/verbs/verbs_of_node.hpp"

#include <algorithm>

namespace troupe::verbs {

namespace {

/// Empty for a setting that is as it is configured.
cell configured_of(const gateway_report& node, const std::string& key) {
  auto found = std::ranges::find(node.kept_settings, key, &kept_setting::key);
  return found == node.kept_settings.end() ? cell{} : cell{found->configured};
}

} // namespace

answer config(admin_context& context, arguments& words) {
  auto only = words.next();
  if (auto error = words.finish())
    return error;
  auto node =
    context.ask<gateway_report>(context.node().gateway, describe_gateway{});
  if (!node)
    return std::move(node.error());
  table result;
  result.columns = {"key", "value", "configured"};
  for (const auto& [key, value] : node->settings)
    if (!only || key == *only)
      result.rows.push_back({key, value, configured_of(*node, key)});
  if (only && result.rows.empty())
    return make_error(errc::config_not_found,
                      "no setting is called " + *only
                        + "; `config` lists all of them");
  return result;
}

} // namespace troupe::verbs
