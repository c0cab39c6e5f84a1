/// Reads the log and the rows of its consume queues again and again, a little
/// a second: what a disk has damaged is told before a consumer needs it, and
/// rows that lead astray are mended.
/// Spawned by supervisor, detached. Sends to commit_log, directory, queue.
/// Blocks.
#pragma once

#include "troupe/fwd.hpp"

#include <caf/typed_actor.hpp>

#include "troupe/type_ids.hpp"

namespace troupe {

/// Looks at the next piece. The role's own timer.
struct scrub_tick {};

using scrubber_actor = caf::typed_actor<caf::reacts_to<scrub_tick>>;

} // namespace troupe
