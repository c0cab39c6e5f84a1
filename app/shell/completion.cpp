#include "app/shell/completion.hpp"

#include "admin/verbs.hpp"
#include "app/shell/local_verbs.hpp"

#include <algorithm>

namespace troupe::app {

namespace {

using words = std::vector<std::string>;

words verbs_and_own() {
  words all;
  for (const auto& x : all_verbs())
    all.emplace_back(x.name);
  for (const auto& x : local_verbs())
    all.emplace_back(x.name);
  std::ranges::sort(all);
  return all;
}

words split(std::string_view text) {
  words parts;
  while (!text.empty()) {
    auto blank = text.find(' ');
    parts.emplace_back(text.substr(0, blank));
    text = blank == text.npos ? std::string_view{} : text.substr(blank + 1);
  }
  return parts;
}

/// Paths below `folder`, of folders with a `/` behind; `skip` is cut from their
/// begin.
words list(const std::string& folder, std::size_t skip, const ask_node& ask) {
  words names;
  auto answer = ask({"ls", {folder}});
  if (!answer)
    return names; // nothing to offer is no error
  for (const auto& row : answer->rows) {
    if (row.empty() || row.front().text.size() <= skip)
      continue;
    auto& name = names.emplace_back(row.front().text.substr(skip));
    if (row.size() > 1 && row[1].text == "folder")
      name += '/';
  }
  return names;
}

words types(const ask_node& ask) {
  words names;
  if (auto answer = ask({"types", {}}))
    for (const auto& row : answer->rows)
      names.push_back(row.front().text);
  return names;
}

words paths(const std::string& partial, const ask_node& ask) {
  auto slash = partial.rfind('/');
  auto folder = slash == partial.npos || slash == 0 ? std::string{"/"}
                                                    : partial.substr(0, slash);
  return list(folder, 0, ask);
}

words candidates(word_kind kind, const verb_info& verb,
                 const std::string& partial, const ask_node& ask) {
  switch (kind) {
    case word_kind::none:
      break;
    case word_kind::action:
      return split(verb.actions);
    case word_kind::path:
      return paths(partial, ask);
    case word_kind::topic:
      return list("/topic", std::string_view{"/topic/"}.size(), ask);
    case word_kind::group:
      return list("/group", std::string_view{"/group/"}.size(), ask);
    case word_kind::type:
      return types(ask);
  }
  return {};
}

words for_word(words before, const std::string& partial, const ask_node& ask) {
  // What follows these is a line again.
  while (!before.empty() && (before[0] == "watch" || before[0] == "try"))
    before.erase(before.begin());
  if (before.empty())
    return verbs_and_own();
  if (before[0] == "help")
    return verbs_and_own();
  const auto* verb = find_verb(before[0]);
  if (verb == nullptr)
    return {};
  if (before.size() == 1)
    return candidates(verb->first, *verb, partial, ask);
  if (before.size() == 2 && verb->second != word_kind::none)
    return candidates(verb->second, *verb, partial, ask);
  return {};
}

} // namespace

std::vector<std::string> complete(const std::vector<std::string>& before,
                                  const std::string& partial,
                                  const ask_node& ask) {
  auto all = for_word(before, partial, ask);
  std::erase_if(all, [&](const auto& x) { return !x.starts_with(partial); });
  return all;
}

} // namespace troupe::app
