/// Spawns a producer group; see troupe/actor/producer.hpp.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/producer.hpp"
#include "troupe/steady_time.hpp"

namespace troupe {

producer_actor spawn_producer(caf::actor_system& system, placement where,
                              std::string group,
                              epoch_ms (*clock)() = steady_ms);

} // namespace troupe
