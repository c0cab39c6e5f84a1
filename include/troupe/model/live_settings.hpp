/// Settings that may be changed while the node runs (UPDATE_BROKER_CONFIG).
/// What a change means is decided where options are read, in app/node.
#pragma once

#include "troupe/limits.hpp"
#include "troupe/model/retention_rules.hpp"
#include "troupe/model/transactions.hpp"

#include <caf/expected.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

struct live_settings {
  std::size_t body_bytes_max = limits::body_bytes_max;
  bool recall_messages = true;
  /// An administrator's reset is kept here until the consumers pull; else it
  /// is sent to those that are online. Source: useServerSideResetOffset.
  bool reset_at_broker = true;
  retention_rules retention;
  transaction_timing transactions;
};

/// All of them after a change.
struct changed_settings {
  live_settings live;
  /// What is shown of all settings, `key=value` in order.
  std::vector<std::pair<std::string, std::string>> shown;
};

/// Takes lines of `key=value`, RocketMQ's names or ours: all or none.
/// @errors no_permission (not while the node runs), invalid_argument
using settings_changer =
  std::function<caf::expected<changed_settings>(std::string_view lines)>;

} // namespace troupe
