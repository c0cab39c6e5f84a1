/// What stands on the command line of `troupe shell`.
#pragma once

#include "app/shell/session.hpp"

#include <caf/expected.hpp>

#include <optional>
#include <string>
#include <vector>

namespace troupe::app {

struct shell_options {
  node_address node;
  bool json = false;
  bool yes = false;
  bool help = false;
  std::optional<std::string> command; ///< -c
  std::string script;                 ///< a file, `-` for stdin; or empty
  std::vector<std::string> words;     ///< of the script, `$1` ...; of a verb
};

/// Reads `[HOST:PORT] [-c LINE | FILE.tsh [WORDS...]]` and options. The
/// environment's TROUPE_SHELL is the node when none is named.
/// @errors bad_config
caf::expected<shell_options>
parse_shell_options(const std::vector<std::string>& arguments);

/// Reads the same options, with `--at HOST:PORT` for the node, from among the
/// words of a verb; the others are left in `words`.
/// @errors bad_config
caf::expected<shell_options>
parse_verb_options(const std::vector<std::string>& words);

/// Takes the options of the shell that stand before a command, as in `troupe
/// --json lag`, off `words`: they mean the same as behind it.
std::vector<std::string> take_leading_options(std::vector<std::string>& words);

extern const char* const shell_usage;

} // namespace troupe::app
