/// Spawns the flusher; see troupe/actor/flusher.hpp.
#pragma once

#include "reactor/quiet.hpp"

#include "troupe/actor/flusher.hpp"

#include <caf/actor_system.hpp>

namespace troupe {

/// @param data_directory  where the checkpoint file is
flusher_actor spawn_flusher(caf::actor_system& system, threading how,
                            std::string data_directory,
                            std::uint64_t checkpoint_generation);

} // namespace troupe
