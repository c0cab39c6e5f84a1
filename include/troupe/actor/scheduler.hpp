/// Delivers delayed messages: reads the schedule topic's queue of each delay
/// level like a consumer, and appends what is due to the real topic. The log
/// says of each delivered one that it is, so that none comes twice.
/// Spawned by supervisor. Sends to queue, directory, commit_log, state_store.
/// Never blocks.
#pragma once

#include "troupe/actor/commit_log.hpp"
#include "troupe/actor/queue.hpp"
#include "troupe/actor/retention.hpp"

namespace troupe {

/// Delivers what is due. The scheduler's own timer.
struct deliver_tick {};

/// State of every level, for people and statistics.
struct describe_delays {};

struct delay_level_report {
  std::int32_t level = 1;
  queue_offset delivered;
  queue_offset max;
};

struct delay_report {
  std::vector<delay_level_report> levels;
};

using scheduler_actor =
  caf::typed_actor<caf::reacts_to<log_events>,
                   caf::replies_to<apply_events>::with<events_applied>,
                   caf::reacts_to<pull_done>, caf::reacts_to<append_done>,
                   caf::reacts_to<deliver_tick>,
                   caf::replies_to<describe_delays>::with<delay_report>,
                   caf::replies_to<query_oldest_needed>::with<oldest_needed>>;

} // namespace troupe
