/// Spawns the runner of one custom actor.
#pragma once

#include "reactor/quiet.hpp"

#include "troupe/actor/custom_runner.hpp"
#include "troupe/actor/gateway.hpp"
#include "troupe/actor/state_store.hpp"
#include "troupe/model/delay_levels.hpp"

#include <caf/actor_system.hpp>

namespace troupe {

/// What a runner is told at birth.
struct custom_runner_options {
  custom_role role;
  directory_actor directory;
  state_store_actor store;
  gateway_actor gateway; ///< hands replies to clients
  delay_levels delays;
  host self; ///< host of the messages it sends
  epoch_ms (*clock)() = now_ms;
};

custom_runner_actor spawn_custom_runner(caf::actor_system& system,
                                        threading how,
                                        custom_runner_options options);

} // namespace troupe
