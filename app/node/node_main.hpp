/// `troupe node`: runs a node in the foreground until SIGTERM or SIGINT.
#pragma once

#include <string>
#include <vector>

namespace troupe::app {

/// @returns the exit status: 0 after an orderly end, 1 when the node failed, 2
///          for bad arguments
int node_main(const std::vector<std::string>& arguments);

} // namespace troupe::app
