/// Spawns a name server; see troupe/actor/name_server.hpp.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/name_server.hpp"
#include "troupe/actor/state_store.hpp"

namespace troupe {

struct name_server_options {
  std::vector<kv_entry> settings; ///< as they were stored
  state_store_actor store;        ///< null: settings end with the process
  epoch_ms (*clock)() = now_ms;
};

name_server_actor spawn_name_server(caf::actor_system& system, placement where,
                                    name_server_options options);

} // namespace troupe
