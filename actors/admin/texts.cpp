#include "admin/texts.hpp"

#include "troupe/model/topic_config.hpp"

#include <ctime>

namespace troupe {

namespace {

/// Bytes of the UTF-8 character at the start of `text`; 0 when it is none.
std::size_t utf8_size(std::string_view text) {
  auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80)
    return lead >= 0x20 || lead == '\t' || lead == '\n' || lead == '\r' ? 1 : 0;
  std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead >= 0xF5 || text.size() < size)
    return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80)
      return 0;
  auto second = static_cast<unsigned char>(text[1]);
  // Not shorter forms of the same, surrogates, or what lies above U+10FFFF.
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second >= 0xA0)
      || (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second >= 0x90))
    return 0;
  return size;
}

} // namespace

std::string time_text(epoch_ms time) {
  if (time.value <= 0)
    return {};
  auto seconds = static_cast<std::time_t>(time.value / 1000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[40];
  auto size = std::strftime(text, sizeof text, "%FT%T", &utc);
  auto millis = std::to_string(1000 + time.value % 1000);
  return std::string{text, size} + "." + millis.substr(1) + "Z";
}

std::string body_text(std::string_view body) {
  for (auto rest = body; !rest.empty();) {
    auto size = utf8_size(rest);
    if (size == 0) {
      static constexpr char digits[] = "0123456789abcdef";
      std::string text = "hex:";
      text.reserve(4 + 2 * body.size());
      for (char c : body) {
        auto byte = static_cast<unsigned char>(c);
        text += digits[byte >> 4];
        text += digits[byte & 15];
      }
      return text;
    }
    rest.remove_prefix(size);
  }
  return std::string{body};
}

std::string perm_text(std::int32_t perm) {
  std::string text;
  if ((perm & permission::read) != 0)
    text += 'r';
  if ((perm & permission::write) != 0)
    text += 'w';
  return text.empty() ? "-" : text;
}

std::string duration_text(std::int64_t ms) {
  if (ms < 1000)
    return std::to_string(ms) + " ms";
  if (ms < 120'000)
    return std::to_string(ms / 1000) + " s";
  if (ms < 7'200'000)
    return std::to_string(ms / 60'000) + " min";
  if (ms < 172'800'000)
    return std::to_string(ms / 3'600'000) + " h";
  return std::to_string(ms / 86'400'000) + " d";
}

} // namespace troupe
