/// Spawns the link to one name server; see troupe/actor/registrar.hpp.
#pragma once

#include "reactor/quiet.hpp"

#include "troupe/actor/registrar.hpp"
#include "troupe/model/host.hpp"

#include <caf/actor_system.hpp>

#include <optional>
#include <string>

namespace troupe {

struct name_server_link_options {
  std::string address; ///< `host:port`
  std::uint16_t broker_port = 10911;
  std::optional<host> advertise; ///< none: the connection's own address
};

name_server_link_actor spawn_name_server_link(caf::actor_system& system,
                                              threading how,
                                              name_server_link_options options);

} // namespace troupe
