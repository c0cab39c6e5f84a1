/// What `troupe bench startup` can be told.
#pragma once

#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::app {

struct startup_options {
  std::string directory = "."; ///< a directory of its own is made in it
  std::int64_t gigabytes = 10;
  std::int32_t queues = 100'000;
  int rounds = 5; ///< starts of each kind
  bool json = false;
};

/// @returns none when only help was asked for, which has been printed
/// @errors bad_config
caf::expected<std::optional<startup_options>>
parse_startup_options(const std::vector<std::string>& arguments);

} // namespace troupe::app
