/// Spawns a consumer group; see troupe/actor/consumer_group.hpp.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/consumer_group.hpp"
#include "troupe/actor/state_store.hpp"
#include "troupe/steady_time.hpp"

namespace troupe {

struct consumer_group_options {
  group_config config;
  std::vector<offset_row> progress; ///< as it was stored
  state_store_actor store;
  epoch_ms (*clock)() = steady_ms;
};

consumer_group_actor spawn_consumer_group(caf::actor_system& system,
                                          placement where,
                                          consumer_group_options options);

} // namespace troupe
