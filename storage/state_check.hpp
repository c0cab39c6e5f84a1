/// Looks at the pages of an LMDB environment from outside, before LMDB does:
/// pages carry no checksum, LMDB trusts what they say, and what is damaged in
/// them may end its process. Used by node start and by `troupe store verify`.
/// Source: LMDB 0.9, lmdb.c (data version 1).
#pragma once

#include "troupe/errc.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::storage {

struct checked_state {
  bool exists = false;
  std::string why; ///< how the pages do not hold together; empty: they do
  std::int64_t damaged_count = 0;   ///< rows whose checksum does not hold
  std::vector<std::string> damaged; ///< `table/key` of the first ones
  bool only_derived = true;         ///< all of those can be made again
  std::int64_t pages = 0;           ///< looked at
  std::int64_t rows = 0;            ///< looked at
  bool complete = true;             ///< not: there are more pages than that

  bool is_sound() const { return why.empty() && damaged_count == 0; }
};

/// Walks the newest tree of `<directory>/data.mdb`: every page must be whole,
/// in its place, used once and not free; keys must be in order; the counts that
/// LMDB keeps must agree; and every row's checksum must hold. Changes nothing.
/// Nobody may write meanwhile.
/// @param pages_max  the walk ends early when there are more
checked_state
check_state(const std::string& directory,
            std::size_t pages_max = std::numeric_limits<std::size_t>::max());

/// Why a state must not be used, and what to do; none when it may, or when only
/// rows that can be derived again are damaged.
/// @errors state_corrupt
caf::error refusal_of(const checked_state& found,
                      const std::string& data_directory);

/// Whether a row of state is derived from the log.
bool is_derived(std::string_view table, std::string_view key);

} // namespace troupe::storage
