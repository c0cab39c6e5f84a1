#include "remoting/json_text.hpp"

#include <array>
#include <cstdio>

namespace troupe::remoting {

void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0; // first byte not yet copied
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\')
      continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
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
  out.append(text, plain, text.size() - plain);
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
