/// What the shell does itself, without a node; and help on everything.
#pragma once

#include "troupe/model/table.hpp"

#include <caf/expected.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app {

struct local_verb {
  std::string_view name;
  std::string_view usage;
  std::string_view what;
  std::string_view examples;
};

/// By name.
std::span<const local_verb> local_verbs();

bool is_local_verb(std::string_view name);

/// All verbs, or (of one) its usage and examples.
/// @errors invalid_argument when there is no such verb
caf::expected<std::string> help(const std::string& verb);

/// What an error of the node means, or all of them.
/// @errors invalid_argument
caf::expected<table> explain_errors(const std::string& code);

} // namespace troupe::app
