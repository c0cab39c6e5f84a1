#include "remoting/recall_handle.hpp"

#include <array>
#include <charconv>
#include <cstdint>

namespace troupe::remoting {

namespace {

constexpr std::string_view alphabet =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// With `=` at the end, as Java's encoder has it.
std::string to_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    auto group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8
             | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      text += k <= group.size() ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  while (text.ends_with('='))
    text.remove_suffix(1);
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    auto digit = alphabet.find(c);
    if (digit == alphabet.npos)
      return {};
    bits = (bits << 6 | static_cast<std::uint32_t>(digit)) & 0xFFFFFF;
    count += 6;
    if (count < 8)
      continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  return bytes;
}

constexpr std::string_view version = "v1";

} // namespace

std::string encode_recall_handle(const recall_handle& handle) {
  return to_base64(std::string{version} + ' ' + handle.topic + ' '
                   + handle.broker + ' ' + std::to_string(handle.due.value)
                   + ' ' + handle.unique_key);
}

std::optional<recall_handle> decode_recall_handle(std::string_view text) {
  auto bytes = from_base64(text);
  if (!bytes)
    return {};
  std::array<std::string, 5> words;
  std::string_view rest = *bytes;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto blank = i + 1 < words.size() ? rest.find(' ') : rest.npos;
    if (blank == rest.npos && i + 1 < words.size())
      return {};
    words[i] = rest.substr(0, blank);
    rest = blank == rest.npos ? std::string_view{} : rest.substr(blank + 1);
    if (words[i].empty())
      return {};
  }
  recall_handle handle{words[1], words[2], {}, words[4]};
  const auto& due = words[3];
  auto [end, code] =
    std::from_chars(due.data(), due.data() + due.size(), handle.due.value);
  if (words[0] != version || code != std::errc{}
      || end != due.data() + due.size())
    return {};
  return handle;
}

} // namespace troupe::remoting
