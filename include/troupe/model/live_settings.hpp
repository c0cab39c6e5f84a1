/// Settings that may be changed while the node runs (UPDATE_BROKER_CONFIG), and
/// what is kept of a change. What it means, and which changes hold after a
/// restart, is decided where options are read, in app/node.
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

/// A setting that was changed while the node ran. It holds until somebody
/// configures another value than stood there then: the last word counts.
struct kept_setting {
  std::string key;        ///< RocketMQ's name, ours where it has none
  std::string value;      ///< what it was changed to
  std::string configured; ///< by command line, file or default, at that time

  friend bool operator==(const kept_setting&, const kept_setting&) = default;
};

/// All of them after a change.
struct changed_settings {
  live_settings live;
  /// What is shown of all settings, `key=value` in order.
  std::vector<std::pair<std::string, std::string>> shown;
  std::vector<kept_setting> kept; ///< all that differ from what is configured
};

/// Takes lines of `key=value`, RocketMQ's names or ours: all or none.
/// @errors no_permission (not while the node runs), invalid_argument
using settings_changer =
  std::function<caf::expected<changed_settings>(std::string_view lines)>;

/// Takes what was kept of an earlier run; once, at the start. What does not
/// hold any more is not in the result.
using settings_restorer =
  std::function<changed_settings(const std::vector<kept_setting>& kept)>;

} // namespace troupe
