/// Spawns the state store; see troupe/actor/state_store.hpp.
#pragma once

#include "reactor/quiet.hpp"

#include "troupe/actor/state_store.hpp"

#include <caf/actor_system.hpp>

#include <memory>

namespace troupe::storage {
class lmdb;
}

namespace troupe {

state_store_actor spawn_state_store(caf::actor_system& system, threading how,
                                    std::shared_ptr<storage::lmdb> env);

} // namespace troupe
