/// Owns the index of keys: takes entries as the log grows, finds the places of
/// a key, writes runs.
/// Spawned by supervisor, detached. Sends nothing of its own accord. Blocks.
#pragma once

#include "troupe/actor/caller.hpp"
#include "troupe/model/index_entry.hpp"

#include <vector>

namespace troupe {

/// Keys of the records that end at or before `end`.
struct add_index_entries {
  std::vector<index_entry> entries;
  log_offset end;
};

/// Places whose key may be the one with this hash, newest first.
struct find_positions {
  std::uint64_t hash = 0;
  epoch_ms begin;
  epoch_ms end;
  std::int32_t count_max = 0;
};

struct positions_found {
  std::vector<log_offset> positions;
};

/// Makes everything added so far durable.
struct flush_index {};

struct index_flushed {};

/// The log begins at `min` now.
struct trim_index {
  log_offset min;
};

using key_index_actor =
  caf::typed_actor<caf::reacts_to<add_index_entries>,
                   // Errors: log_read_failed, corrupt_file.
                   caf::replies_to<find_positions>::with<positions_found>,
                   // Errors: disk_full, io_failed.
                   caf::replies_to<flush_index>::with<index_flushed>,
                   caf::reacts_to<trim_index>>;

} // namespace troupe
