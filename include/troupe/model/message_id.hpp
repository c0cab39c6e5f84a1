/// Names of stored messages: the host that has it and its place in the log.
/// Source: RocketMQ 5.3 MessageDecoder.createMessageId; sheet storage 5.
#pragma once

#include "troupe/model/host.hpp"
#include "troupe/units.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Appends the lowest `digits` hexadecimal digits of `value`, in capitals.
inline void append_hex(std::string& text, std::uint64_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    text += "0123456789ABCDEF"[value >> shift & 0xF];
}

/// 32 digits for an IPv4 host, 56 for IPv6.
inline std::string offset_message_id(const host& store, log_offset position) {
  std::string id;
  id.reserve(56);
  for (std::size_t i = 0; i < store.size; ++i)
    append_hex(id, store.bytes[i], 2);
  append_hex(id, store.port, 8);
  append_hex(id, static_cast<std::uint64_t>(position.value), 16);
  return id;
}

/// The place in the log that an offset_message_id names; none when it is not
/// one.
inline std::optional<log_offset> position_of_message_id(std::string_view id) {
  if ((id.size() != 32 && id.size() != 56)
      || id.find_first_not_of("0123456789ABCDEFabcdef") != id.npos)
    return {};
  std::uint64_t position = 0;
  std::from_chars(id.data() + id.size() - 16, id.data() + id.size(), position,
                  16);
  return log_offset{static_cast<std::int64_t>(position)};
}

} // namespace troupe
