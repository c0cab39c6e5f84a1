/// `troupe shell` and `troupe VERB`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::app {

/// @param arguments  those behind `troupe shell`
/// @returns the status of the process; see exit_code
int shell_main(const std::vector<std::string>& arguments);

/// `troupe lag billing`: one line whose words are cut already.
int verb_main(const std::vector<std::string>& words);

/// Options of the shell before the command; see shell_options.hpp.
std::vector<std::string> take_leading_options(std::vector<std::string>& words);

/// Whether `troupe WORD` is a line of the shell.
bool is_shell_verb(std::string_view word);

} // namespace troupe::app
