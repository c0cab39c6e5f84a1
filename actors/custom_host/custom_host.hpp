/// Spawns the host of all custom actors.
#pragma once

#include "troupe/actor/custom_host.hpp"
#include "troupe/actor/custom_runner.hpp"
#include "troupe/actor/gateway.hpp"
#include "troupe/actor/state_store.hpp"
#include "troupe/actor/transaction_coordinator.hpp"

#include <caf/actor_system.hpp>

#include <functional>
#include <vector>

namespace troupe {

/// What a host is told at birth.
struct custom_host_options {
  state_store_actor store;
  gateway_actor gateway;
  transaction_coordinator_actor transactions; ///< null: name server only
  std::vector<custom_spec> stored;            ///< those of the last run
  std::function<custom_runner_actor(custom_role)> make_runner;
};

custom_host_actor spawn_custom_host(caf::actor_system& system,
                                    custom_host_options options);

} // namespace troupe
