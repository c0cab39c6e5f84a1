/// Spawns the backlog; see troupe/actor/backlog.hpp.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/backlog.hpp"
#include "troupe/actor/directory.hpp"
#include "troupe/actor/pop.hpp"

namespace troupe {

struct backlog_options {
  directory_actor directory;
  pop_actor pop;
  epoch_ms (*clock)() = now_ms;
};

backlog_actor spawn_backlog(caf::actor_system& system, placement where,
                            backlog_options options);

} // namespace troupe
