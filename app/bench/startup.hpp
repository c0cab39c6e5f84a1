/// `troupe bench startup`: how long a node takes from its start to the first
/// acknowledged send, on stores of different sizes.
#pragma once

#include <string>
#include <vector>

namespace troupe::app {

/// @param arguments  `[--dir DIR] [--gigabytes N] [--queues N] [--rounds N]
///                   [--json]`
int startup_main(const std::vector<std::string>& arguments);

} // namespace troupe::app
