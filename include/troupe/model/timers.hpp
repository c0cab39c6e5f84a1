/// What properties say of the moment at which a message is to be delivered.
/// Source: RocketMQ 5.3 HookUtils.transformTimerMessage; sheet semantics 13.
#pragma once

#include "troupe/errc.hpp"
#include "troupe/limits.hpp"
#include "troupe/model/properties.hpp"
#include "troupe/units.hpp"

#include <caf/expected.hpp>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// When the message with these properties is due; none: at once. Seconds count
/// before milliseconds, those before a moment.
/// @errors illegal_message: no number, or later than `delay_max_ms` from now
inline caf::expected<std::optional<epoch_ms>>
timer_due(std::string_view text, epoch_ms now, std::int64_t delay_max_ms) {
  using due_time = std::optional<epoch_ms>;
  if (!properties::find(text, properties::timer_out_ms).empty())
    return due_time{}; // it has been timed already

  struct kind {
    std::string_view name;
    std::int64_t unit_ms;
    bool relative;
  };

  static constexpr kind kinds[] = {
    {properties::timer_delay_seconds, 1000, true},
    {properties::timer_delay_ms, 1, true},
    {properties::timer_deliver_ms, 1, false}};
  for (const auto& x : kinds) {
    auto value = properties::find(text, x.name);
    if (value.empty())
      continue;
    std::int64_t number = 0;
    auto [end, code] =
      std::from_chars(value.data(), value.data() + value.size(), number);
    constexpr std::int64_t number_max = 1ll << 50;
    if (code != std::errc{} || end != value.data() + value.size()
        || number > number_max || number < -number_max)
      return make_error(errc::illegal_message, "property " + std::string{x.name}
                                                 + " is no time: `"
                                                 + std::string{value} + "`");
    auto due = x.relative ? now + number * x.unit_ms : epoch_ms{number};
    if (due <= now)
      return due_time{};
    if (due - now > delay_max_ms)
      return make_error(errc::illegal_message,
                        "the timer is " + std::to_string((due - now) / 1000)
                          + " seconds ahead, more than "
                          + std::to_string(delay_max_ms / 1000));
    return due_time{due};
  }
  return due_time{};
}

} // namespace troupe
