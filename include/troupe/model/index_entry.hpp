/// One key of one message, as the key index holds it.
#pragma once

#include "troupe/units.hpp"

#include <compare>
#include <cstdint>

namespace troupe {

struct index_entry {
  std::uint64_t hash = 0; ///< of `topic#key`
  log_offset position;
  epoch_ms store_time;

  auto operator<=>(const index_entry&) const = default;
};

} // namespace troupe
