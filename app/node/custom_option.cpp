#include "app/node/custom_option.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace troupe::app {

namespace {

constexpr std::string_view prefix = "custom.";

/// Words separated by blanks; what stands in double quotes is kept together.
/// @errors bad_config when a quote is not closed
caf::expected<std::vector<std::string>> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  auto quoted = false;
  auto any = false; // an empty word in quotes is one too
  for (auto c : text) {
    if (c == '"') {
      quoted = !quoted;
      any = true;
    } else if (!quoted && (c == ' ' || c == '\t')) {
      if (any)
        words.push_back(std::exchange(word, {}));
      any = false;
    } else {
      word += c;
      any = true;
    }
  }
  if (quoted)
    return make_error(errc::bad_config, "a quote is not closed");
  if (any)
    words.push_back(std::move(word));
  return words;
}

} // namespace

bool is_custom_key(std::string_view key) {
  return key.starts_with(prefix);
}

caf::error add_custom(node_options& options, std::string_view key,
                      std::string_view value, const std::string& where) {
  auto bad = [&](const std::string& why) {
    return make_error(errc::bad_config, where + ": " + std::string{key} + ": "
                                          + why + "; write " + std::string{key}
                                          + " = TYPE key=value ...");
  };
  custom_spec spec;
  spec.name = key.substr(prefix.size());
  auto words = words_of(value);
  if (!words)
    return bad(context_of(words.error()));
  if (words->empty())
    return bad("no type is given");
  spec.type = words->front();
  for (std::size_t i = 1; i < words->size(); ++i) {
    const auto& word = (*words)[i];
    auto equals = word.find('=');
    if (equals == word.npos || equals == 0)
      return bad("`" + word + "` is no key=value");
    spec.arguments.emplace_back(word.substr(0, equals),
                                word.substr(equals + 1));
  }
  std::erase_if(options.custom,
                [&](const custom_spec& x) { return x.name == spec.name; });
  options.custom.push_back(std::move(spec));
  return caf::none;
}

} // namespace troupe::app
