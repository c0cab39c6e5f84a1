/// Spawns the fixed cast of a node in the right order, watches it, and ends it
/// in order. The death of an actor that holds what was acknowledged ends the
/// node: a restart of the process recovers it.
#pragma once

#include "admin/admin.hpp"
#include "commit_log/commit_log.hpp"
#include "gateway/gateway.hpp"
#include "reactor/reactor.hpp"

#include "troupe/actor/backlog.hpp"
#include "troupe/actor/custom_host.hpp"
#include "troupe/actor/directory.hpp"
#include "troupe/actor/flusher.hpp"
#include "troupe/actor/key_index.hpp"
#include "troupe/actor/name_server.hpp"
#include "troupe/actor/pop.hpp"
#include "troupe/actor/registrar.hpp"
#include "troupe/actor/retention.hpp"
#include "troupe/actor/scheduler.hpp"
#include "troupe/actor/scrubber.hpp"
#include "troupe/actor/state_store.hpp"
#include "troupe/actor/timers.hpp"
#include "troupe/actor/transaction_coordinator.hpp"
#include "troupe/model/live_settings.hpp"
#include "troupe/model/retention_rules.hpp"
#include "troupe/model/scrub_pace.hpp"
#include "troupe/model/transactions.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe {

/// What a node is made of.
struct cast_options {
  std::string data_directory;
  std::string listen = "127.0.0.1";
  std::uint16_t broker_port = 10911;
  std::uint16_t name_server_port = 9876;
  bool broker = true;
  bool name_server = true;
  std::vector<std::string> name_servers; ///< elsewhere, `host:port`
  std::chrono::milliseconds register_wait = limits::register_wait;
  std::optional<host> advertise;
  std::string broker_name = "broker";
  std::int64_t broker_id = 0;
  std::string cluster = "DefaultCluster";
  flush_mode flush = flush_mode::sync;
  bool auto_create_topics = true;
  bool auto_create_groups = true;
  bool property_filter = true; ///< consumers may filter by SQL92
  std::int32_t default_topic_queues = limits::default_topic_queues;
  std::int32_t broker_permission = permission::read_write;
  std::size_t body_bytes_max = limits::body_bytes_max;
  std::int64_t segment_bytes = limits::segment_bytes;
  std::int64_t consume_queue_file_rows = limits::consume_queue_file_rows;
  delay_levels delays;
  std::int64_t memory_max = limits::memory_bytes_max;
  retention_rules retention;
  std::chrono::milliseconds retention_period = limits::retention_period;
  scrub_pace scrub;
  transaction_timing transactions;
  std::int64_t timer_delay_max_ms = limits::timer_delay_max_ms;
  bool recall_messages = true;
  start_custom custom; ///< types, plug-ins and actors to begin with
  bool reset_at_broker = true;
  settings_changer change_settings;   ///< null: none may be changed
  settings_restorer restore_settings; ///< null: none are kept
  /// Shown by requests for the configuration.
  std::vector<std::pair<std::string, std::string>> settings;
};

/// The running cast. Handles are null where the role is not played.
struct cast_handles {
  state_store_actor state_store;
  flusher_actor flusher;
  cold_reader_actor cold_reader;
  key_index_actor key_index;
  commit_log_actor commit_log;
  name_server_actor name_server;
  std::vector<name_server_link_actor> name_server_links; ///< as name_servers
  registrar_actor registrar;
  directory_actor directory;
  scheduler_actor scheduler;
  retention_actor retention;
  scrubber_actor scrubber;
  pop_actor pop;
  transaction_coordinator_actor transactions;
  timers_actor timers;
  gateway_actor gateway;
  backlog_actor backlog;
  custom_host_actor custom_host;
  admin_door admin; ///< not published yet; see admin/door.hpp
  caf::actor supervisor;
  gateway_ports ports;
  std::shared_ptr<void> store_lock; ///< held as long as the node runs
};

/// Those of them that may change while the node runs.
live_settings live_settings_of(const cast_options& options);

/// Opens the data directory and spawns everyone. The reactor must not run yet:
/// it is started when all is in place. Blocks.
/// @param on_failure  called once when an actor dies that the node cannot do
///                    without; any thread
/// @errors store_locked, corrupt_file, state_corrupt, address_in_use, ...
caf::expected<cast_handles> start_cast(caf::actor_system& system, reactor& home,
                                       cast_options options,
                                       std::function<void()> on_failure);

/// Ends the cast in order: no new requests, what is in flight answered, log
/// synced, progress and checkpoint durable. Blocks; each step is bounded by
/// limits::drain_timeout.
/// @returns the first step that failed; the others are done all the same. busy:
///          a custom actor does not return from a call, so its thread never
///          ends; leave the process without destroying the actor system
caf::error stop_cast(caf::actor_system& system, reactor& home,
                     cast_handles& cast);

} // namespace troupe
