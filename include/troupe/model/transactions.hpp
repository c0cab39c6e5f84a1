/// What properties say of transactions, and RocketMQ's timing of checks.
/// Source: RocketMQ 5.3 TransactionalMessageServiceImpl; sheet semantics 14.
#pragma once

#include "troupe/model/properties.hpp"

#include <charconv>
#include <cstdint>
#include <string_view>

namespace troupe {

/// RocketMQ's names: transactionTimeOut, transactionCheckInterval,
/// transactionCheckMax, fileReservedTime.
struct transaction_timing {
  std::int64_t first_check_ms = 6'000;
  std::int64_t check_interval_ms = 30'000;
  std::int32_t checks_max = 15;
  std::int64_t age_max_ms = 72ll * 3600 * 1000; ///< discarded when older

  /// How long after its store time a half message is asked about first.
  /// @param immunity_ms  its own, 0: it has none
  std::int64_t first_delay_ms(std::int64_t immunity_ms) const {
    return immunity_ms > 0 ? immunity_ms : first_check_ms;
  }
};

/// The number that `text` begins with; `absent` when it begins with none.
template <class Number = std::int32_t>
Number number_in(std::string_view text, Number absent = 0) {
  Number number = absent;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// How long after it was stored a half message is not asked about; 0 when it
/// does not say, or says it with -1.
inline std::int64_t immunity_ms_of(std::string_view properties) {
  auto seconds = number_in<std::int64_t>(
    properties::find(properties, properties::check_immunity));
  constexpr std::int64_t seconds_max = 366ll * 24 * 3600;
  return seconds > 0 && seconds <= seconds_max ? seconds * 1000 : 0;
}

} // namespace troupe
