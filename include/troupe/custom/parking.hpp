/// Where a message goes that a custom actor fails at again and again: to the
/// dead letters of its group, with the evidence as properties.
#pragma once

#include "troupe/custom/message.hpp"
#include "troupe/model/names.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace troupe::custom {

namespace evidence {
inline constexpr std::string_view by = "PARKED_BY";     ///< the actor's name
inline constexpr std::string_view from = "PARKED_FROM"; ///< topic/queue/offset
inline constexpr std::string_view why = "PARKED_WHY";   ///< what it threw
inline constexpr std::string_view attempts = "PARKED_ATTEMPTS";
inline constexpr std::string_view at = "PARKED_AT"; ///< ms since 1970 UTC
} // namespace evidence

/// `topic/queue/offset`.
inline std::string place_text(const message& m) {
  return std::string{m.topic} + "/" + std::to_string(m.queue) + "/"
         + std::to_string(m.offset);
}

/// Text from anywhere, as the value of a property; cut at 1000 bytes.
inline std::string as_property(std::string_view text) {
  constexpr std::size_t bytes_max = 1000;
  std::string result{text.substr(0, bytes_max)};
  for (auto& c : result)
    if (c == troupe::properties::name_end || c == troupe::properties::value_end
        || c == '\0')
      c = ' ';
  return result.empty() ? "unknown" : result;
}

struct parking {
  std::string group;
  std::string by;
  std::string why;
  std::int64_t attempts = 0;
  std::int64_t at_ms = 0;
};

/// `m` as it is put aside.
inline outgoing parked(const message& m, const parking& facts) {
  outgoing letter;
  letter.topic = names::dead_letter_topic_of(facts.group);
  letter.body = m.body;
  letter.queue = 0;
  troupe::properties::for_each(
    m.properties, [&](std::string_view name, std::string_view value) {
      if (name != troupe::properties::delay
          && name != troupe::properties::record_crc)
        letter.properties.emplace_back(name, value);
    });
  auto set = [&](std::string_view name, const std::string& value) {
    std::erase_if(letter.properties,
                  [&](const auto& x) { return x.first == name; });
    letter.properties.emplace_back(name, value);
  };
  set(troupe::properties::dlq_origin_topic, std::string{m.topic});
  set(troupe::properties::dlq_origin_id, as_property(m.unique_key()));
  set(evidence::by, facts.by);
  set(evidence::from, place_text(m));
  set(evidence::attempts, std::to_string(facts.attempts));
  set(evidence::why, as_property(facts.why));
  set(evidence::at, std::to_string(facts.at_ms));
  return letter;
}

} // namespace troupe::custom
