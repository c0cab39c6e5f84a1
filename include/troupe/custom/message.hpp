/// Messages as a custom actor sees them: those that arrive, as views, and those
/// that it sends.
#pragma once

#include "troupe/custom/arguments.hpp"
#include "troupe/model/properties.hpp"

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::custom {

/// A message that arrives. Its texts are views: they live as long as the call
/// that got it. Bodies that a client has compressed with zlib are inflated.
struct message {
  std::string_view topic;
  std::string_view body;
  std::string_view properties; ///< name 0x01 value 0x02 ..., see property()
  std::int32_t queue = 0;
  std::int64_t offset = -1;   ///< in its queue, in messages; -1: not stored yet
  std::int64_t born_ms = 0;   ///< ms since 1970 UTC, by the producer's clock
  std::int64_t stored_ms = 0; ///< likewise, by the broker's; 0: not yet
  std::int32_t reconsume_times = 0; ///< times a group has sent it back
  std::int32_t flag = 0;            ///< the application's own
  std::int32_t attempt = 0; ///< times this actor has failed at it before

  /// The value of property `name`; empty when absent.
  std::string_view property(std::string_view name) const {
    return troupe::properties::find(properties, name);
  }

  std::string_view tags() const { return property(troupe::properties::tags); }

  /// The application's keys, separated by blanks.
  std::string_view keys() const { return property(troupe::properties::keys); }

  /// What the client made the message known by (UNIQ_KEY).
  std::string_view unique_key() const {
    return property(troupe::properties::unique_key);
  }
};

/// Whether a client waits for a reply to `x`. Source: RocketMQ 5.3
/// DefaultMQProducerImpl.prepareSendRequest.
inline bool is_request(const message& x) {
  return !x.property(troupe::properties::reply_to_client).empty()
         && !x.property(troupe::properties::correlation_id).empty();
}

/// Whether the client that sent the request `x` has ceased to wait.
/// @param now_ms  by the broker's clock, as stored_ms
inline bool is_late(const message& x, std::int64_t now_ms) {
  auto text = x.property(troupe::properties::time_to_live);
  std::int64_t ttl_ms = 0;
  std::from_chars(text.data(), text.data() + text.size(), ttl_ms);
  return is_request(x) && ttl_ms > 0 && now_ms - x.stored_ms > ttl_ms;
}

/// A message to send.
struct outgoing {
  std::string topic;
  std::string body;
  std::string tags;
  std::string keys; ///< separated by blanks
  fields properties;
  std::int32_t delay_level = 0; ///< from 1; 0: at once
  std::int32_t queue = -1;      ///< -1: each in turn
};

/// The property text of `x`, as records hold it; without a unique key.
inline std::string property_text_of(const outgoing& x) {
  std::string text;
  for (const auto& [name, value] : x.properties)
    troupe::properties::append(text, name, value);
  if (!x.tags.empty())
    troupe::properties::append(text, troupe::properties::tags, x.tags);
  if (!x.keys.empty())
    troupe::properties::append(text, troupe::properties::keys, x.keys);
  if (x.delay_level > 0)
    troupe::properties::append(text, troupe::properties::delay,
                               std::to_string(x.delay_level));
  return text;
}

} // namespace troupe::custom
