/// Texts as numbers, exactly as Java reads them: what a filter compares must
/// not depend on who compares it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe {

/// Integer.valueOf(text): a sign, then digits only; nothing outside 32 bits.
std::optional<std::int32_t> java_int(std::string_view text);

/// Long.valueOf(text): the same in 64 bits.
std::optional<std::int64_t> java_long(std::string_view text);

/// Double.valueOf(text): blanks around are dropped; decimal or hexadecimal,
/// with an f or d behind; NaN and Infinity. Too large is infinite, too small
/// is zero.
std::optional<double> java_double(std::string_view text);

/// Double.compare(a, b): below zero, zero or above. NaN is the largest, -0.0
/// is less than 0.0.
int java_compare(double a, double b);

} // namespace troupe
