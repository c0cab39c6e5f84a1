/// Spawns the cold reader; see troupe/actor/cold_reader.hpp.
#pragma once

#include "reactor/quiet.hpp"

#include "troupe/actor/cold_reader.hpp"

#include <caf/actor_system.hpp>

namespace troupe {

cold_reader_actor spawn_cold_reader(caf::actor_system& system, threading how);

} // namespace troupe
