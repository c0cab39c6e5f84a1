/// Spawns the coordinator; see troupe/actor/transaction_coordinator.hpp.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/directory.hpp"
#include "troupe/actor/state_store.hpp"
#include "troupe/actor/transaction_coordinator.hpp"
#include "troupe/limits.hpp"
#include "troupe/model/delay_levels.hpp"
#include "troupe/model/transactions.hpp"

#include <memory>
#include <string>

namespace troupe::storage {
class commit_log;
}

namespace troupe {

struct transaction_coordinator_options {
  transaction_timing timing;
  std::string broker_name;
  delay_levels delays;
  std::int64_t timer_delay_max_ms = limits::timer_delay_max_ms;
  std::shared_ptr<const storage::commit_log> log; ///< half messages are read
  commit_log_actor log_actor;
  directory_actor directory;
  state_store_actor store;
  epoch_ms (*clock)() = now_ms;
};

transaction_coordinator_actor
spawn_transaction_coordinator(caf::actor_system& system, placement where,
                              transaction_coordinator_options options);

} // namespace troupe
