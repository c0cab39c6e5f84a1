/// Spawns a gateway: the sockets of one reactor. The messages it answers are
/// in troupe/actor/gateway.hpp; what it serves is the list of handlers/.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/backlog.hpp"
#include "troupe/actor/commit_log.hpp"
#include "troupe/actor/gateway.hpp"
#include "troupe/actor/name_server.hpp"
#include "troupe/actor/pop.hpp"
#include "troupe/actor/retention.hpp"
#include "troupe/actor/scheduler.hpp"
#include "troupe/actor/state_store.hpp"
#include "troupe/actor/timers.hpp"
#include "troupe/actor/transaction_coordinator.hpp"
#include "troupe/model/delay_levels.hpp"
#include "troupe/model/live_settings.hpp"

#include <caf/expected.hpp>

#include <functional>
#include <optional>
#include <string>

namespace troupe {

/// What a gateway is told at birth.
struct gateway_options {
  std::string listen = "127.0.0.1";
  std::optional<std::uint16_t> broker_port;      ///< none: no broker here
  std::optional<std::uint16_t> name_server_port; ///< none: no name server here

  std::string cluster = "DefaultCluster";
  std::string broker_name = "broker";
  std::int64_t broker_id = 0;
  /// The host that routes and message ids name; none: the address that the
  /// client used to reach us.
  std::optional<host> advertise;
  std::int32_t broker_permission = permission::read_write;
  bool auto_create_groups = true;
  bool property_filter = true; ///< consumers may filter by SQL92
  std::int64_t memory_max = limits::memory_bytes_max;
  bool await_links = false; ///< no sends, no pulls before set_custom_links came
  delay_levels delays;
  live_settings live;
  settings_changer change_settings; ///< null: none may be changed
  std::vector<kept_setting> kept_settings;
  state_store_actor store; ///< keeps what is changed
  std::int64_t timer_delay_max_ms = limits::timer_delay_max_ms;

  // Null on a node that is name server only.
  directory_actor directory;
  commit_log_actor log;
  scheduler_actor scheduler;
  pop_actor pop;
  transaction_coordinator_actor transactions;
  timers_actor timers;
  backlog_actor backlog;
  retention_actor retention;
  // Null on a node that is broker only.
  name_server_actor names;

  /// What BROKER and NAMESRV_CONFIG requests show, `key=value` in order.
  std::vector<std::pair<std::string, std::string>> settings;
  epoch_ms started;
};

/// The ports that were bound.
struct gateway_ports {
  std::uint16_t broker = 0;
  std::uint16_t name_server = 0;
};

/// A gateway and where it listens.
struct gateway_spawned {
  gateway_actor actor;
  gateway_ports ports;
};

/// Binds the ports and spawns the gateway pinned to `home`. Nothing is served
/// before the reactor runs.
/// @errors address_in_use, bad_config
caf::expected<gateway_spawned> spawn_gateway(caf::actor_system& system,
                                             reactor& home,
                                             gateway_options options);

} // namespace troupe
