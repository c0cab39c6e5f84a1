/// The string hash that RocketMQ uses for tags and index keys.
#pragma once

#include <cstdint>
#include <string_view>

namespace troupe {

/// h = 31 * h + unit over the UTF-16 units of UTF-8 `text`, wrapping in 32
/// bits, as Java's String.hashCode. Bytes that are no UTF-8 count as U+FFFD.
constexpr std::int32_t java_hash(std::string_view text) {
  std::uint32_t hash = 0;
  auto unit = [&hash](std::uint32_t u) { hash = 31 * hash + u; };
  for (std::size_t i = 0; i < text.size();) {
    auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      unit(lead);
      ++i;
      continue;
    }
    std::size_t more = lead >= 0xF0 && lead < 0xF8 ? 3 : lead >= 0xE0 ? 2 : 1;
    bool good = lead >= 0xC2 && lead < 0xF5 && i + more < text.size();
    std::uint32_t point = lead & (0x3Fu >> more);
    for (std::size_t k = 1; good && k <= more; ++k) {
      auto next = static_cast<unsigned char>(text[i + k]);
      good = (next & 0xC0) == 0x80;
      point = point << 6 | (next & 0x3Fu);
    }
    if (!good) {
      unit(0xFFFD);
      ++i;
      continue;
    }
    if (point >= 0x10000) {
      unit(0xD800 + ((point - 0x10000) >> 10));
      unit(0xDC00 + ((point - 0x10000) & 0x3FF));
    } else {
      unit(point);
    }
    i += more + 1;
  }
  return static_cast<std::int32_t>(hash);
}

/// The code of a tag in a consume queue row; 0 for no tag.
constexpr std::int64_t tags_code(std::string_view tag) {
  return tag.empty() ? 0 : java_hash(tag);
}

static_assert(java_hash("TagA") == 2598919);

} // namespace troupe
