/// Big-endian numbers in files and records.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace troupe::storage {

template <class Number>
Number swapped(Number value) {
  if constexpr (sizeof(Number) == 8)
    return static_cast<Number>(
      __builtin_bswap64(static_cast<std::uint64_t>(value)));
  else if constexpr (sizeof(Number) == 4)
    return static_cast<Number>(
      __builtin_bswap32(static_cast<std::uint32_t>(value)));
  else if constexpr (sizeof(Number) == 2)
    return static_cast<Number>(
      __builtin_bswap16(static_cast<std::uint16_t>(value)));
  else
    return value;
}

static_assert(std::endian::native == std::endian::little,
              "troupe is built for little-endian machines");

/// The number at `at`, wherever that is aligned.
template <class Number>
Number load(const char* at) {
  Number value;
  std::memcpy(&value, at, sizeof value);
  return swapped(value);
}

/// Writes the number and returns the place behind it.
template <class Number>
char* store(char* at, Number value) {
  value = swapped(value);
  std::memcpy(at, &value, sizeof value);
  return at + sizeof value;
}

} // namespace troupe::storage
