/// THE list of what the shell can ask of a node: one file per verb in verbs/,
/// one line in verbs.cpp. The shell reads the same list for help and
/// completion.
#pragma once

#include "admin/admin_context.hpp"
#include "admin/arguments.hpp"

#include "troupe/model/table.hpp"

#include <caf/expected.hpp>

#include <span>
#include <string_view>

namespace troupe {

/// What a word is the name of, for completion.
enum class word_kind : std::uint8_t {
  none,
  path,
  topic,
  group,
  type,   ///< of custom actors
  action, ///< one of verb_info::actions
};

struct verb_info {
  std::string_view name;
  std::string_view usage;    ///< behind the name; a line for each action
  std::string_view what;     ///< one sentence
  std::string_view examples; ///< lines that run as they are
  word_kind first = word_kind::none;
  word_kind second = word_kind::none; ///< behind the first
  std::string_view actions;           ///< separated by blanks
  /// @errors as the actors that are asked
  caf::expected<table> (*run)(admin_context&, arguments&) = nullptr;
};

/// By name.
std::span<const verb_info> all_verbs();

/// Null when there is none.
const verb_info* find_verb(std::string_view name);

/// @errors invalid_argument when there is no such verb, and the verb's
caf::expected<table> run_verb(admin_context& context, admin_request request);

} // namespace troupe
