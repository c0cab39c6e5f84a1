/// Spawns the timers; see troupe/actor/timers.hpp.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/directory.hpp"
#include "troupe/actor/state_store.hpp"
#include "troupe/actor/timers.hpp"

#include <memory>

namespace troupe::storage {
class commit_log;
}

namespace troupe {

struct timers_options {
  std::shared_ptr<const storage::commit_log> log; ///< timed messages are read
  commit_log_actor log_actor;
  directory_actor directory;
  state_store_actor store;
  epoch_ms (*clock)() = now_ms;
};

timers_actor spawn_timers(caf::actor_system& system, placement where,
                          timers_options options);

} // namespace troupe
