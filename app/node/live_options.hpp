/// Options that may be changed while the node runs (mqadmin
/// updateBrokerConfig), and which changes hold when it is started again: the
/// last word counts. A change is kept until the command line or the
/// configuration file says something else than it did when the change was made.
#pragma once

#include "app/node/node_options.hpp"

#include "troupe/model/live_settings.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::app {

class live_options {
public:
  /// @param configured  as command line and configuration file say
  explicit live_options(node_options configured)
    : configured_(std::move(configured)),
      now_(configured_) {}

  /// Changes what `lines` of `key=value` say, all of them or none.
  /// @errors no_permission: a key that only a restart changes;
  ///         invalid_argument: an unknown key, one without a meaning here, a
  ///         value that is not allowed
  caf::expected<changed_settings> change(std::string_view lines);

  /// Takes up what an earlier run has kept, as far as it still holds. Logs what
  /// does not.
  changed_settings restore(const std::vector<kept_setting>& kept);

private:
  /// Notes how `key` differs from what is configured, if it does.
  void keep(std::string_view key);

  node_options configured_;
  node_options now_;
  std::vector<kept_setting> kept_;
};

/// The options that may be changed, by the names that are shown.
std::vector<std::pair<std::string, std::string>>
changeable_settings(const node_options& options);

} // namespace troupe::app
