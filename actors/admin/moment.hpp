/// Moments as people write them.
#pragma once

#include "troupe/units.hpp"

#include <optional>
#include <string_view>

namespace troupe {

/// `2026-03-01T12:30:00Z` (also without the seconds, or only the date; UTC),
/// `-10m` (s, m, h, d before `now`), or ms since 1970.
std::optional<epoch_ms> read_moment(std::string_view text, epoch_ms now);

} // namespace troupe
