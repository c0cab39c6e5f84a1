/// Spawns the scheduler; see troupe/actor/scheduler.hpp.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/directory.hpp"
#include "troupe/actor/scheduler.hpp"
#include "troupe/actor/state_store.hpp"
#include "troupe/model/delay_levels.hpp"

namespace troupe {

struct scheduler_options {
  delay_levels delays;
  std::vector<delay_progress> progress; ///< as it was stored
  directory_actor directory;
  commit_log_actor log;
  state_store_actor store;
  epoch_ms (*clock)() = now_ms;
};

scheduler_actor spawn_scheduler(caf::actor_system& system, placement where,
                                scheduler_options options);

} // namespace troupe
