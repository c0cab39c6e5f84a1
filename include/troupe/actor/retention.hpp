/// Watches the disk: tells the log when it is too full to go on, and removes
/// the segments that are old, or too many, and that nobody needs any more.
/// Spawned by supervisor, detached. Sends to commit_log, directory, key_index
/// and to every follower of the log. Blocks.
#pragma once

#include "troupe/fwd.hpp"
#include "troupe/model/retention_rules.hpp"
#include "troupe/units.hpp"

#include <caf/typed_actor.hpp>

#include "troupe/type_ids.hpp"

#include <cstdint>
#include <string>

namespace troupe {

/// Asks for the oldest record of the log that is still to be read.
struct query_oldest_needed {};

struct oldest_needed {
  log_offset position; ///< nothing before it is needed
};

/// The answer of a follower that needs nothing now.
inline constexpr log_offset nothing_needed{INT64_MAX};

/// Whoever reads records of the log again later: delayed messages, half
/// messages, timers. While one does not answer, no segment is removed.
using log_follower =
  caf::typed_actor<caf::replies_to<query_oldest_needed>::with<oldest_needed>>;

struct add_log_follower {
  std::string name; ///< for the log line that says who holds a segment
  log_follower follower;
};

/// Looks how full the disk is. The role's own timer.
struct watch_disk_tick {};

/// Removes what may go. The role's own timer.
struct retention_tick {};

/// Removes the oldest of the files that the log has forgotten. The role's own
/// timer.
struct remove_segment_tick {};

/// Removes what has expired, whatever hour it is, until nothing is left that
/// may go.
struct clean_now {};

/// Other rules from now on.
struct change_retention {
  retention_rules rules;
};

using retention_actor = caf::typed_actor<
  caf::reacts_to<add_log_follower>, caf::reacts_to<watch_disk_tick>,
  caf::reacts_to<retention_tick>, caf::reacts_to<remove_segment_tick>,
  caf::reacts_to<clean_now>, caf::reacts_to<change_retention>>;

} // namespace troupe
