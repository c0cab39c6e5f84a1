/// Settings that were changed while an earlier run of the node lasted: read
/// before anything that they decide is made.
#pragma once

#include "storage/lmdb.hpp"
#include "supervisor/supervisor.hpp"

namespace troupe {

/// Gives `options` the settings that were kept, as far as they still hold, and
/// forgets the others.
/// @returns those that hold
/// @errors state_corrupt, state_write_failed
caf::expected<std::vector<kept_setting>> restore_settings(cast_options& options,
                                                          storage::lmdb& env);

} // namespace troupe
