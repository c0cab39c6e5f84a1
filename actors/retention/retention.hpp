/// Spawns retention; see troupe/actor/retention.hpp.
#pragma once

#include "reactor/quiet.hpp"

#include "troupe/actor/commit_log.hpp"
#include "troupe/actor/directory.hpp"
#include "troupe/actor/key_index.hpp"
#include "troupe/actor/retention.hpp"
#include "troupe/limits.hpp"
#include "troupe/model/retention_rules.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <string>

namespace troupe {

struct retention_options {
  std::string directory; ///< whose partition is watched
  retention_rules rules;
  commit_log_actor log;
  directory_actor directory_of_topics;
  key_index_actor index;
  std::chrono::milliseconds watch_period = limits::disk_watch_period;
  std::chrono::milliseconds period = limits::retention_period;
  epoch_ms (*clock)() = now_ms;
};

retention_actor spawn_retention(caf::actor_system& system, threading how,
                                retention_options options);

} // namespace troupe
