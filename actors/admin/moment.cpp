#include "admin/moment.hpp"

#include <charconv>
#include <ctime>
#include <string>

namespace troupe {

namespace {

std::optional<std::int64_t> read_number(std::string_view text,
                                        std::string_view& rest) {
  std::int64_t value = 0;
  auto [end, code] =
    std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{})
    return {};
  rest = {end, static_cast<std::size_t>(text.data() + text.size() - end)};
  return value;
}

std::optional<epoch_ms> before(std::string_view text, epoch_ms now) {
  std::string_view unit;
  auto amount = read_number(text, unit);
  if (!amount || *amount < 0 || *amount > 1'000'000'000)
    return {};
  std::int64_t ms = unit == "s"   ? 1000
                    : unit == "m" ? 60'000
                    : unit == "h" ? 3'600'000
                    : unit == "d" ? 86'400'000
                                  : 0;
  if (ms == 0)
    return {};
  return epoch_ms{now.value - *amount * ms};
}

} // namespace

std::optional<epoch_ms> read_moment(std::string_view text, epoch_ms now) {
  if (text.starts_with('-'))
    return before(text.substr(1), now);
  std::string_view rest;
  if (auto ms = read_number(text, rest); ms && rest.empty() && *ms >= 0)
    return epoch_ms{*ms};
  std::string whole{text};
  if (!whole.empty() && whole.back() == 'Z')
    whole.pop_back();
  for (const auto* form : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
    std::tm utc{};
    const char* end = ::strptime(whole.c_str(), form, &utc);
    if (end != nullptr && *end == '\0')
      return epoch_ms{static_cast<std::int64_t>(::timegm(&utc)) * 1000};
  }
  return {};
}

} // namespace troupe
