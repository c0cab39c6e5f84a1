/// The delay levels of a node: level n waits for the n-th of these times.
/// Source: RocketMQ 5.3 MessageStoreConfig.messageDelayLevel.
#pragma once

#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

class delay_levels {
public:
  static constexpr std::string_view default_text =
    "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";

  /// RocketMQ's eighteen.
  delay_levels() : delays_(*read(default_text)) {}

  /// Reads times such as `1s 5s 10m 2h 1d`, separated by blanks.
  /// @errors bad_config
  static caf::expected<delay_levels> parse(std::string_view text) {
    auto delays = read(text);
    if (!delays)
      return std::move(delays.error());
    delay_levels result;
    result.delays_ = std::move(*delays);
    return result;
  }

  std::int32_t count() const {
    return static_cast<std::int32_t>(delays_.size());
  }

  /// Milliseconds of `level`, from 1; a higher level counts as the last one.
  std::int64_t delay_ms(std::int32_t level) const {
    if (level < 1)
      return 0;
    auto index = static_cast<std::size_t>(level < count() ? level : count());
    return delays_[index - 1];
  }

private:
  static caf::expected<std::vector<std::int64_t>> read(std::string_view text) {
    std::vector<std::int64_t> delays;
    while (!text.empty()) {
      auto blank = text.find(' ');
      auto word = text.substr(0, blank);
      text = blank == text.npos ? std::string_view{} : text.substr(blank + 1);
      if (word.empty())
        continue;
      std::int64_t amount = 0;
      auto [end, code] =
        std::from_chars(word.data(), word.data() + word.size(), amount);
      auto unit =
        unit_ms(word.substr(static_cast<std::size_t>(end - word.data())));
      if (code != std::errc{} || unit == 0 || amount <= 0)
        return make_error(errc::bad_config,
                          "`" + std::string{word}
                            + "` is no delay; write a number and one of s, m, "
                              "h, d, such as 30s");
      delays.push_back(amount * unit);
    }
    if (delays.empty())
      return make_error(errc::bad_config, "no delay level is given");
    return delays;
  }

  static std::int64_t unit_ms(std::string_view unit) {
    if (unit == "s")
      return 1000;
    if (unit == "m")
      return 60'000;
    if (unit == "h")
      return 3'600'000;
    return unit == "d" ? 86'400'000 : 0;
  }

  std::vector<std::int64_t> delays_;
};

} // namespace troupe
