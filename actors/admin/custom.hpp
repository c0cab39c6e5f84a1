/// Custom actors as the shell sees them.
#pragma once

#include "admin/admin_context.hpp"

#include "troupe/model/table.hpp"

#include <caf/expected.hpp>

#include <string>
#include <vector>

namespace troupe {

/// @errors path_not_found
caf::expected<custom_report> find_custom(admin_context& context,
                                         const std::string& name);

/// Its live state as fields.
table fields_of_custom(const custom_report& x);

/// Asks it in its own words; `words` are KEY=VALUE.
/// @errors invalid_argument, and what the actor refuses with
caf::expected<table> ask_custom_actor(admin_context& context,
                                      const std::string& name,
                                      const std::string& question,
                                      const std::vector<std::string>& words);

/// KEY=VALUE to fields.
/// @errors invalid_argument
caf::expected<custom::fields>
read_fields(const std::vector<std::string>& words);

} // namespace troupe
