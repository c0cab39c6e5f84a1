/// Finds the end of the plain part of a JSON string, many bytes at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace troupe::remoting {

/// The first byte in [at, end) that a JSON string cannot hold as it is: a
/// quote, a backslash or a control character; `end` when there is none.
inline const char* find_special(const char* at, const char* end) {
#if defined(__SSE2__)
  const auto quotes = _mm_set1_epi8('"');
  const auto slashes = _mm_set1_epi8('\\');
  const auto controls = _mm_set1_epi8(0x1F);
  for (; end - at >= 16; at += 16) {
    auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    auto found =
      _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quotes),
                                _mm_cmpeq_epi8(bytes, slashes)),
                   _mm_cmpeq_epi8(_mm_min_epu8(bytes, controls), bytes));
    auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (mask != 0)
      return at + std::countr_zero(mask);
  }
#else
  constexpr auto ones = ~std::uint64_t{0} / 0xFF; // 01 in every byte
  constexpr auto highs = ones * 0x80;
  if constexpr (std::endian::native == std::endian::little)
    for (; end - at >= 8; at += 8) {
      std::uint64_t word;
      std::memcpy(&word, at, sizeof word);
      // The top bit of each byte that is 0 after the xor, or below 0x20. A byte
      // above a hit may be marked wrongly, the lowest mark never is.
      auto quote = word ^ (ones * '"');
      auto slash = word ^ (ones * '\\');
      auto found = ((quote - ones) & ~quote) | ((slash - ones) & ~slash)
                   | ((word - ones * 0x20) & ~word);
      found &= highs;
      if (found != 0)
        return at + (std::countr_zero(found) >> 3);
    }
#endif
  for (; at != end; ++at) {
    auto c = static_cast<unsigned char>(*at);
    if (c < 0x20 || c == '"' || c == '\\')
      return at;
  }
  return end;
}

} // namespace troupe::remoting
