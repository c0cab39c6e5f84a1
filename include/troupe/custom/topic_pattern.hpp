/// Topic names with `*` for any characters.
#pragma once

#include <string_view>

namespace troupe::custom {

inline bool is_pattern(std::string_view text) {
  return text.find('*') != text.npos;
}

/// Whether `name` is what `pattern` says.
inline bool matches_pattern(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  auto star = pattern.npos; // the last one seen; what it covers may grow
  std::size_t covered = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      covered = n;
      if (p == pattern.size())
        return true; // it covers the rest
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != pattern.npos) {
      p = star + 1;
      n = ++covered;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

} // namespace troupe::custom
