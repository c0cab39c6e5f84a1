/// A line of the shell, cut into words.
#pragma once

#include <caf/expected.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app {

/// The value of `$name`; none when it was never set.
using variable_lookup =
  std::function<std::optional<std::string>(std::string_view name)>;

/// Cuts at blanks. 'as it is', "with $var, \n, \t, \" and \\", \c outside of
/// quotes, `# comment` where a word would begin. `$name`, `${name}` and
/// `$answer.field` stand for one word, whatever they hold.
/// @errors invalid_argument: an open quote, a variable that was never set
caf::expected<std::vector<std::string>>
split_words(std::string_view line, const variable_lookup& find);

/// `text` so that split_words gives it back as one word.
std::string quoted(std::string_view text);

} // namespace troupe::app
