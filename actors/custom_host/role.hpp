/// What a runner is told of a custom actor; read from what it was spawned with.
#pragma once

#include "troupe/actor/custom_runner.hpp"

#include <caf/expected.hpp>

namespace troupe {

/// Reads the arguments that every custom actor has: how patient its supervision
/// is, what becomes of what it cannot judge, whether it is called at all.
/// @errors invalid_argument
caf::expected<custom_role> role_of(const custom_spec& spec,
                                   const troupe_plugin_type& type);

/// Whether the actor is not to be called, as its arguments say.
bool is_suspended(const custom_spec& spec);

void set_suspended(custom_spec& spec, bool suspended);

} // namespace troupe
