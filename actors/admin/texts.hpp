/// Values as people and scripts read them.
#pragma once

#include "troupe/units.hpp"

#include <string>
#include <string_view>

namespace troupe {

/// `2026-03-01T12:30:00.250Z`; empty for 0 and less.
std::string time_text(epoch_ms time);

/// A body as it is when it is UTF-8 without control characters but tabs and
/// line ends, else `hex:` and its bytes.
std::string body_text(std::string_view body);

/// `rw`, `r`, `w` or `-` for a set of permission bits.
std::string perm_text(std::int32_t perm);

/// Milliseconds as `250 ms`, `12 s`, `3 min`, `5 h` or `2 d`.
std::string duration_text(std::int64_t ms);

} // namespace troupe
