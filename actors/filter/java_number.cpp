#include "filter/java_number.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <system_error>

namespace troupe {

namespace {

bool is_digit(char x) {
  return x >= '0' && x <= '9';
}

template <class Number>
std::optional<Number> whole(std::string_view text) {
  if (text.size() > 1 && text.front() == '+' && is_digit(text[1]))
    text.remove_prefix(1);
  Number value{};
  const auto* end = text.data() + text.size();
  auto [stop, code] = std::from_chars(text.data(), end, value);
  if (text.empty() || code != std::errc{} || stop != end)
    return {};
  return value;
}

/// What String.trim() leaves.
std::string_view trimmed(std::string_view text) {
  auto is_blank = [](char x) { return static_cast<unsigned char>(x) <= ' '; };
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

/// The number in `text`, all of it; `form` is general or hex.
std::optional<double> unsigned_double(std::string_view text,
                                      std::chars_format form) {
  // from_chars also knows `inf` and `nan`, which Java does not.
  if (text.empty() || text.front() == '-'
      || text.find_first_not_of("0123456789.abcdefABCDEFpP+-") != text.npos)
    return {};
  double value = 0;
  const auto* end = text.data() + text.size();
  auto [stop, code] = std::from_chars(text.data(), end, value, form);
  if (stop != end || code == std::errc::invalid_argument)
    return {};
  if (code == std::errc::result_out_of_range) {
    auto copy =
      (form == std::chars_format::hex ? "0x" : "") + std::string{text};
    value = std::strtod(copy.c_str(), nullptr); // infinite or (nearly) zero
  }
  return value;
}

} // namespace

std::optional<std::int32_t> java_int(std::string_view text) {
  return whole<std::int32_t>(text);
}

std::optional<std::int64_t> java_long(std::string_view text) {
  return whole<std::int64_t>(text);
}

std::optional<double> java_double(std::string_view text) {
  text = trimmed(text);
  auto negative = !text.empty() && text.front() == '-';
  if (negative || (!text.empty() && text.front() == '+'))
    text.remove_prefix(1);
  std::optional<double> value;
  if (text == "NaN") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity") {
    value = std::numeric_limits<double>::infinity();
  } else if (!text.empty()) {
    auto is_hex =
      text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    auto has_power = text.find_first_of("pP") != text.npos;
    if (is_hex != has_power)
      return {}; // Java wants the power of a hexadecimal number
    auto last = text.back();
    if (last == 'f' || last == 'F' || last == 'd' || last == 'D')
      text.remove_suffix(1);
    if (is_hex)
      value = unsigned_double(text.substr(2), std::chars_format::hex);
    else
      value = unsigned_double(text, std::chars_format::general);
  }
  if (value && negative)
    value = -*value;
  return value;
}

int java_compare(double a, double b) {
  if (a < b)
    return -1;
  if (a > b)
    return 1;
  auto bits = [](double x) {
    return std::bit_cast<std::int64_t>(
      std::isnan(x) ? std::numeric_limits<double>::quiet_NaN() : x);
  };
  auto left = bits(a);
  auto right = bits(b);
  return left == right ? 0 : left < right ? -1 : 1;
}

} // namespace troupe
