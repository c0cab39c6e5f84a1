/// Clients of the gateway, for people.
#pragma once

#include "admin/admin_context.hpp"

#include "troupe/model/table.hpp"

#include <caf/expected.hpp>

#include <string>

namespace troupe {

/// The connection of the client at `address`.
/// @errors path_not_found
caf::expected<connection_row> find_connection(admin_context& context,
                                              const std::string& address);

table fields_of_connection(const connection_row& x);

} // namespace troupe
