/// Options that may be changed while the node runs (mqadmin
/// updateBrokerConfig).
#pragma once

#include "app/node/node_options.hpp"

#include "troupe/model/live_settings.hpp"

namespace troupe::app {

/// Changes `now` as `lines` of `key=value` say, all of them or none.
/// @errors no_permission: a key that only a restart changes;
///         invalid_argument: an unknown key, one without a meaning here, a
///         value that is not allowed
caf::expected<changed_settings> change_options(node_options& now,
                                               std::string_view lines);

} // namespace troupe::app
