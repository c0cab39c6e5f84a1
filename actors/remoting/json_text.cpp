#include "remoting/json_text.hpp"

#include "remoting/json_scan.hpp"

#include <array>
#include <cstdio>

namespace troupe::remoting {

void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  const auto* at = text.data();
  const auto* end = at + text.size();
  for (;;) {
    const auto* special = find_special(at, end);
    out.append(at, special);
    if (special == end)
      break;
    at = special + 1;
    auto c = static_cast<unsigned char>(*special);
    out += '\\';
    switch (c) {
      case '"':
      case '\\':
        out += static_cast<char>(c);
        break;
      case '\n':
        out += 'n';
        break;
      case '\r':
        out += 'r';
        break;
      case '\t':
        out += 't';
        break;
      default:
        out += "u00";
        out += hex[c >> 4];
        out += hex[c & 0xF];
    }
  }
  out += '"';
}

json_text& json_text::real(double value) {
  std::array<char, 40> digits;
  auto size = std::snprintf(digits.data(), digits.size(), "%.6f", value);
  std::string_view text{digits.data(), static_cast<std::size_t>(size)};
  while (text.ends_with('0') && !text.ends_with(".0"))
    text.remove_suffix(1);
  return raw(text);
}

} // namespace troupe::remoting
