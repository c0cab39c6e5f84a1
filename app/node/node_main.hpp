/// `troupe node`: runs a node in the foreground until SIGTERM or SIGINT.
#pragma once

#include "app/node/node_options.hpp"

#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <string>
#include <vector>

namespace troupe {

struct cast_options;

} // namespace troupe

namespace troupe::app {

/// What the cast of a node with these options is made of.
/// @errors bad_config
caf::expected<cast_options> cast_of(const node_options& options);

/// @returns the exit status: 0 after an orderly end, 1 when the node failed, 2
///          for bad arguments
int node_main(const std::vector<std::string>& arguments);

} // namespace troupe::app
