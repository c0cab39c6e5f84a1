/// Names of stored messages: the host that has it and its place in the log.
/// Source: RocketMQ 5.3 MessageDecoder.createMessageId; sheet storage 5.
#pragma once

#include "troupe/model/host.hpp"
#include "troupe/units.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Appends the lowest `digits` hexadecimal digits of `value`, in capitals.
inline void append_hex(std::string& text, std::uint64_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    text += "0123456789ABCDEF"[value >> shift & 0xF];
}

inline constexpr std::size_t message_id_bytes_max = 56; // an IPv6 host

/// Two capital digits for each byte.
inline constexpr auto hex_of_byte = [] {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::array<char, 512> pairs{};
  for (std::size_t byte = 0; byte < pairs.size() / 2; ++byte) {
    pairs[2 * byte] = digits[byte >> 4];
    pairs[2 * byte + 1] = digits[byte & 0xF];
  }
  return pairs;
}();

/// Writes an offset message id to `id`, which has room for
/// `message_id_bytes_max`: 32 digits for an IPv4 host, 56 for IPv6.
/// @returns its size
inline std::size_t put_message_id(char* id, const host& store,
                                  log_offset position) {
  auto* at = id;
  auto put = [&at](std::uint64_t byte) {
    std::memcpy(at, &hex_of_byte[2 * (byte & 0xFF)], 2);
    at += 2;
  };
  for (std::size_t i = 0; i < store.size; ++i)
    put(store.bytes[i]);
  auto port = std::uint64_t{store.port};
  for (int shift = 24; shift >= 0; shift -= 8)
    put(port >> shift);
  auto place = static_cast<std::uint64_t>(position.value);
  for (int shift = 56; shift >= 0; shift -= 8)
    put(place >> shift);
  return static_cast<std::size_t>(at - id);
}

/// The same as text of its own.
inline std::string offset_message_id(const host& store, log_offset position) {
  std::array<char, message_id_bytes_max> id;
  return {id.data(), put_message_id(id.data(), store, position)};
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
