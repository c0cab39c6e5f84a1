/// Which segments may go, and whether the disk is too full to go on. No
/// messages, no files, no clock. Sheet storage 19.
#pragma once

#include "storage/disk.hpp"

#include "troupe/actor/commit_log.hpp"
#include "troupe/limits.hpp"
#include "troupe/model/retention_rules.hpp"
#include "troupe/units.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// A whole segment and when it was last written to.
struct aged_segment {
  log_offset end;
  std::int64_t bytes = 0;
  epoch_ms modified;
};

/// What the disk allows.
enum class disk_level : std::uint8_t {
  roomy,
  expired_must_go, ///< above used_max: what is expired goes at any hour
  oldest_must_go,  ///< above force_max, when force is wanted
  full,            ///< below the water mark: nothing more is stored
};

/// Free bytes below which the log stores nothing more.
std::int64_t water_mark(const retention_rules& rules,
                        const storage::disk_space& space);

disk_level level_of(const retention_rules& rules,
                    const storage::disk_space& space);

/// Why nothing is stored, with what to do; empty unless the level is full.
std::string refusal_of(const retention_rules& rules,
                       const storage::disk_space& space,
                       const std::string& directory);

/// The end of the segments that the rules want to go; nothing when none.
/// @param segments  ascending, the one in use last
/// @param hour      of the day, local time
std::optional<log_offset> wanted_cut(const retention_rules& rules,
                                     const std::vector<aged_segment>& segments,
                                     disk_level level, epoch_ms now, int hour);

} // namespace troupe
