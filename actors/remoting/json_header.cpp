#include "remoting/json_header.hpp"

#include "remoting/json_scan.hpp"

#include "troupe/limits.hpp"

#include <algorithm>

namespace troupe::remoting {

namespace {

constexpr std::size_t entries_max = 32; // of the header's own object

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  auto lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// The 16 bits of `\uXXXX` at its digits; negative when they are none.
int unit_at(const char* digits) {
  int unit = 0;
  for (int i = 0; i < 4; ++i) {
    auto value = hex_value(digits[i]);
    if (value < 0)
      return -1;
    unit = unit << 4 | value;
  }
  return unit;
}

bool is_surrogate(int unit) {
  return unit >= 0xD800 && unit <= 0xDFFF;
}

/// Bytes of the escape at `at`; 0 when it is not well formed, or half a pair.
std::size_t escape_size(const char* at, const char* end) {
  constexpr std::ptrdiff_t long_form = 6;
  if (end - at < 2)
    return 0;
  switch (at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      return 2;
    case 'u': {
      if (end - at < long_form)
        return 0;
      auto unit = unit_at(at + 2);
      return unit < 0 || is_surrogate(unit) ? 0 : long_form;
    }
    default:
      return 0;
  }
}

char short_escape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c; // a quote, a backslash, a slash
  }
}

/// Writes a character as UTF-8, at most three bytes.
char* put_utf8(char* to, int unit) {
  if (unit < 0x80) {
    *to++ = static_cast<char>(unit);
    return to;
  }
  if (unit < 0x800) {
    *to++ = static_cast<char>(0xC0 | unit >> 6);
  } else {
    *to++ = static_cast<char>(0xE0 | unit >> 12);
    *to++ = static_cast<char>(0x80 | (unit >> 6 & 0x3F));
  }
  *to++ = static_cast<char>(0x80 | (unit & 0x3F));
  return to;
}

// Each reads on at `at` and returns where it ended, null where it cannot.

const char* skip_blanks(const char* at, const char* end) {
  while (at != end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
    ++at;
  return at;
}

/// Behind `expected`; clients write no blanks before it.
const char* skip(const char* at, const char* end, char expected) {
  if (at != end && *at == expected)
    return at + 1;
  at = skip_blanks(at, end);
  return at != end && *at == expected ? at + 1 : nullptr;
}

/// From the first special byte of a string on, which begins at `begin`.
[[gnu::noinline]] const char* read_special(const char* at, const char* end,
                                           const char* begin,
                                           std::string_view& text,
                                           bool& escapes) {
  for (; at != end && *at != '"'; at = find_special(at, end)) {
    auto size = *at == '\\' ? escape_size(at, end) : 0;
    if (size == 0)
      return nullptr; // not well formed, or a control character
    escapes = true;
    at += size;
  }
  if (at == end)
    return nullptr;
  text = {begin, static_cast<std::size_t>(at - begin)};
  return at + 1;
}

/// @param escapes  set when there are some
inline const char* read_string(const char* at, const char* end,
                               std::string_view& text, bool& escapes) {
  if (at == end || *at != '"')
    return nullptr;
  const auto* begin = ++at;
  at = find_special(at, end);
  if (at == end || *at != '"')
    return read_special(at, end, begin, text, escapes);
  text = {begin, static_cast<std::size_t>(at - begin)};
  return at + 1;
}

/// A whole number without needless zeros.
const char* read_number(const char* at, const char* end,
                        std::string_view& text) {
  const auto* begin = at;
  if (at != end && *at == '-')
    ++at;
  const auto* digits = at;
  while (at != end && *at >= '0' && *at <= '9')
    ++at;
  if (at == digits || (*digits == '0' && at - digits > 1))
    return nullptr;
  if (at != end && (*at == '.' || *at == 'e' || *at == 'E'))
    return nullptr;
  text = {begin, static_cast<std::size_t>(at - begin)};
  return at;
}

/// `null` is read as an empty text.
const char* read_word(const char* at, const char* end, std::string_view& text) {
  std::string_view rest{at, static_cast<std::size_t>(end - at)};
  for (std::string_view word : {"true", "false", "null"})
    if (rest.starts_with(word)) {
      text = word == "null" ? std::string_view{} : rest.substr(0, word.size());
      return at + word.size();
    }
  return nullptr;
}

} // namespace

std::size_t unescape(char* text, std::size_t size) {
  auto* to = text;
  const char* at = text;
  const auto* end = text + size;
  while (at != end) {
    const auto* slash = static_cast<const char*>(
      std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
    if (slash == nullptr)
      slash = end;
    auto plain = static_cast<std::size_t>(slash - at);
    std::memmove(to, at, plain);
    to += plain;
    at = slash;
    if (at == end)
      break;
    if (at[1] == 'u') {
      to = put_utf8(to, unit_at(at + 2));
      at += 6;
    } else {
      *to++ = short_escape(at[1]);
      at += 2;
    }
  }
  return static_cast<std::size_t>(to - text);
}

bool json_header::scan(std::string_view text, std::vector<entry>& fields) {
  entries_.clear();
  escaped_.clear();
  const auto* end = text.data() + text.size();
  return read_object(text.data(), end, entries_, &fields) != nullptr;
}

void json_header::resolve(char* text, std::vector<entry>& fields) {
  for (auto [in_fields, index] : escaped_) {
    auto& value = in_fields ? fields[index].second : entries_[index].second;
    auto* begin = text + (value.data() - text);
    value = {begin, unescape(begin, value.size())};
  }
}

const char* json_header::read_object(const char* at, const char* end,
                                     std::vector<entry>& into,
                                     std::vector<entry>* fields) {
  auto in_fields = fields == nullptr;
  auto most = in_fields ? limits::fields_max : entries_max;
  at = skip(at, end, '{');
  if (at == nullptr)
    return nullptr;
  if (const auto* behind = skip(at, end, '}'))
    return behind;
  for (;;) {
    std::string_view key;
    std::string_view value;
    bool escapes = false;
    at = read_string(skip_blanks(at, end), end, key, escapes);
    if (at == nullptr || escapes)
      return nullptr;
    at = skip(at, end, ':');
    if (at == nullptr)
      return nullptr;
    at = skip_blanks(at, end);
    if (at == end || into.size() >= most)
      return nullptr;
    if (*at == '{') {
      if (in_fields || key != "extFields")
        return nullptr;
      at = read_object(at, end, *fields, nullptr);
    } else {
      at = *at == '"'  ? read_string(at, end, value, escapes)
           : *at < 'A' ? read_number(at, end, value)
                       : read_word(at, end, value);
      if (escapes)
        escaped_.push_back({in_fields, into.size()});
      into.emplace_back(key, value);
    }
    if (at == nullptr)
      return nullptr;
    if (at != end && *at == ',')
      ++at;
    else if (const auto* behind = skip(at, end, '}'))
      return behind;
    else if (at = skip(at, end, ','); at == nullptr)
      return nullptr;
  }
}

} // namespace troupe::remoting
