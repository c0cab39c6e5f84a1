/// Something that falls due at a moment of its own and must be known after a
/// crash: an open transaction, a timed message. Rows in LMDB derived from the
/// log; storage/README.md, "State".
#pragma once

#include "troupe/units.hpp"

#include <compare>
#include <cstdint>

namespace troupe {

/// What falls due, and what names it.
enum class deadline_kind : std::uint8_t {
  half = 1,      ///< open transaction; id: its offset in the half topic
  discarded = 2, ///< one that was checked too often; id: position of the copy
  timer = 3,     ///< timed message; id: its position in the log
};

/// Deadlines of one kind are in order of time.
struct deadline_key {
  epoch_ms due;
  std::int64_t id = 0;

  auto operator<=>(const deadline_key&) const = default;
};

struct deadline {
  deadline_key key;
  log_offset position;    ///< of the record to read when it is due
  std::int32_t count = 0; ///< halves: how often it was asked about

  bool operator==(const deadline&) const = default;
};

} // namespace troupe
