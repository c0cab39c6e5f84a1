/// config: the node's settings, as RocketMQ spells them.
#include "admin/verbs/verbs_of_node.hpp"

namespace troupe::verbs {

answer config(admin_context& context, arguments& words) {
  auto only = words.next();
  if (auto error = words.finish())
    return error;
  auto node =
    context.ask<gateway_report>(context.node().gateway, describe_gateway{});
  if (!node)
    return std::move(node.error());
  table result;
  result.columns = {"key", "value"};
  for (const auto& [key, value] : node->settings)
    if (!only || key == *only)
      result.rows.push_back({key, value});
  if (only && result.rows.empty())
    return make_error(errc::config_not_found,
                      "no setting is called " + *only
                        + "; `config` lists all of them");
  return result;
}

} // namespace troupe::verbs
