/// Spawns the registrar; see troupe/actor/registrar.hpp.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/registrar.hpp"
#include "troupe/limits.hpp"

#include <chrono>
#include <vector>

namespace troupe {

struct registrar_options {
  std::vector<name_server_link_actor> links; ///< it dies with any of them
  std::chrono::milliseconds wait = limits::register_wait;
};

registrar_actor spawn_registrar(caf::actor_system& system, placement where,
                                registrar_options options);

} // namespace troupe
