/// What a half-written word may become: verbs, actions, live names and paths.
#pragma once

#include "troupe/actor/admin.hpp"

#include <caf/expected.hpp>

#include <functional>
#include <string>
#include <vector>

namespace troupe::app {

using ask_node = std::function<caf::expected<table>(const admin_request&)>;

/// @param before   the whole words before it
/// @param partial  the word as far as it is written
/// @returns whole words that begin with `partial`, in order
std::vector<std::string> complete(const std::vector<std::string>& before,
                                  const std::string& partial,
                                  const ask_node& ask);

} // namespace troupe::app
