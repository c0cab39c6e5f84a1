/// Spawns pop; see troupe/actor/pop.hpp.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/pop.hpp"
#include "troupe/actor/state_store.hpp"

#include <string>
#include <vector>

namespace troupe {

struct pop_options {
  std::string broker_name;        ///< in receipts
  std::vector<lease_row> leases;  ///< as they were stored
  std::vector<offset_row> copied; ///< stored progress of revive_group
  std::vector<request_mode> request_modes;
  directory_actor directory;
  state_store_actor store;
  std::uint32_t seed = 0; ///< of what is left to chance
  epoch_ms (*clock)() = now_ms;
};

pop_actor spawn_pop(caf::actor_system& system, placement where,
                    pop_options options);

} // namespace troupe
