/// `troupe bench`.
#pragma once

#include <string>
#include <vector>

namespace troupe::app {

/// @returns the exit status
int bench_main(const std::vector<std::string>& arguments);

} // namespace troupe::app
