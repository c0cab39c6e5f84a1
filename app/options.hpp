/// Command lines. The only file that knows Boost.Program_options.
#pragma once

#include "app/node/node_options.hpp"

#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <optional>
#include <string>
#include <vector>

namespace troupe::app {

/// Reads the arguments behind `troupe node`; those of --config first, the
/// command line wins.
/// @returns nothing when help was asked for and printed
/// @errors bad_config
caf::expected<std::optional<node_options>>
parse_node_options(const std::vector<std::string>& arguments);

} // namespace troupe::app
