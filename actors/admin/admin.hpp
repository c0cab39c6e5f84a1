/// Spawns the admin actor; see troupe/actor/admin.hpp. What it can do is the
/// list in verbs.hpp. Publishing it to other processes is door.hpp.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/admin.hpp"
#include "troupe/actor/backlog.hpp"
#include "troupe/actor/commit_log.hpp"
#include "troupe/actor/custom_host.hpp"
#include "troupe/actor/gateway.hpp"
#include "troupe/actor/name_server.hpp"
#include "troupe/actor/pop.hpp"
#include "troupe/actor/scheduler.hpp"
#include "troupe/actor/timers.hpp"
#include "troupe/actor/transaction_coordinator.hpp"
#include "troupe/model/delay_levels.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// One of the cast, at a path of its own.
struct cast_member {
  std::string path;  ///< `/log`
  std::string kind;  ///< `commit_log`
  std::string where; ///< pinned, scheduled or detached
  caf::strong_actor_ptr actor;
};

/// What the shell can reach. Handles are null where the role is not played.
struct admin_options {
  directory_actor directory;
  commit_log_actor log;
  scheduler_actor scheduler;
  name_server_actor names;
  gateway_actor gateway;
  custom_host_actor custom;
  transaction_coordinator_actor transactions;
  timers_actor timers;
  pop_actor pop;
  backlog_actor backlog;
  std::vector<cast_member> cast; ///< all of them, in order of their paths

  std::string listen = "127.0.0.1";
  std::uint16_t broker_port = 0; ///< 0: no broker here
  std::uint16_t name_server_port = 0;
  std::string data_directory;
  std::string cluster;
  std::string broker_name;
  delay_levels delays;
  epoch_ms started;
};

/// An actor at a registered path.
struct registered_path {
  std::string kind;
  askable_actor actor;
};

using path_table = std::map<std::string, registered_path, std::less<>>;

/// Why nobody may register at `path`; empty when one may.
std::string why_bad_path(std::string_view path);

admin_door spawn_admin(caf::actor_system& system, admin_options options);

} // namespace troupe
