/// Spawns the registrar; see troupe/actor/registrar.hpp.
#pragma once

#include "reactor/quiet.hpp"

#include "troupe/actor/registrar.hpp"
#include "troupe/model/host.hpp"

#include <caf/actor_system.hpp>

#include <optional>
#include <string>
#include <vector>

namespace troupe {

struct registrar_options {
  std::vector<std::string> name_servers; ///< `host:port`
  std::uint16_t broker_port = 10911;
  std::optional<host> advertise; ///< none: the connection's own address
};

registrar_actor spawn_registrar(caf::actor_system& system, threading how,
                                registrar_options options);

} // namespace troupe
