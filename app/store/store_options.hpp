/// What `troupe store VERB` can be told.
#pragma once

#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::app {

struct store_command {
  std::string verb;
  std::string data = "./troupe-data";
  std::string from; ///< import: the store to be taken over
  std::string topic;
  std::int32_t queue = -1; ///< -1: all
  std::int64_t offset = 0;
  std::int64_t count = 10;
  std::int64_t at = -1; ///< cat: a log offset
  bool json = false;
};

/// @returns none when only help was asked for, which has been printed
/// @errors bad_config
caf::expected<std::optional<store_command>>
parse_store_command(const std::vector<std::string>& arguments);

} // namespace troupe::app
