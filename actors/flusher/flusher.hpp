/// Spawns the flusher; see troupe/actor/flusher.hpp.
#pragma once

#include "reactor/quiet.hpp"
#include "storage/checkpoint.hpp"

#include "troupe/actor/flusher.hpp"

#include <caf/actor_system.hpp>

namespace troupe {

/// @param data_directory  where the checkpoint file is
/// @param last  the checkpoint that the next one follows
flusher_actor spawn_flusher(caf::actor_system& system, threading how,
                            std::string data_directory,
                            const storage::checkpoint& last);

} // namespace troupe
