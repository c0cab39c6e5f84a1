/// Spawns the key index; see troupe/actor/key_index.hpp.
#pragma once

#include "reactor/quiet.hpp"

#include "troupe/actor/key_index.hpp"

#include <caf/actor_system.hpp>

#include <memory>

namespace troupe::storage {
class key_index;
}

namespace troupe {

key_index_actor spawn_key_index(caf::actor_system& system, threading how,
                                std::shared_ptr<storage::key_index> index);

} // namespace troupe
