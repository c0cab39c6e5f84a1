#include "supervisor/supervisor.hpp"

#include "admin/admin.hpp"
#include "backlog/backlog.hpp"
#include "cold_reader/cold_reader.hpp"
#include "consumer_group/consumer_group.hpp"
#include "custom_host/custom_host.hpp"
#include "custom_runner/custom_runner.hpp"
#include "directory/directory.hpp"
#include "flusher/flusher.hpp"
#include "key_index/key_index.hpp"
#include "name_server/name_server.hpp"
#include "pop/lease_table.hpp"
#include "pop/pop.hpp"
#include "producer/producer.hpp"
#include "queue/queue.hpp"
#include "reactor/quiet.hpp"
#include "registrar/name_server_link.hpp"
#include "registrar/registrar.hpp"
#include "retention/retention.hpp"
#include "scheduler/scheduler.hpp"
#include "scrubber/scrubber.hpp"
#include "state_store/state_store.hpp"
#include "storage/derived_state.hpp"
#include "storage/lmdb.hpp"
#include "storage/recovery.hpp"
#include "storage/state_check.hpp"
#include "supervisor/kept_settings.hpp"
#include "supervisor/take_over.hpp"
#include "timers/timers.hpp"
#include "topic/topic.hpp"
#include "transaction_coordinator/transaction_coordinator.hpp"

#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"

#include <caf/actor_registry.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <thread>

namespace troupe {

namespace {

/// Names of the watched actors, for the log.
using watched_names = std::map<caf::actor_addr, std::string>;

caf::behavior supervisor(caf::stateful_actor<watched_names>* self,
                         const cast_handles& cast,
                         const std::function<void()>& on_failure) {
  make_quiet(*self);
  auto watch = [self](const auto& handle, const char* name) {
    if (!handle)
      return;
    self->monitor(handle);
    self->state.emplace(handle.address(), name);
  };
  watch(cast.state_store, "state_store");
  watch(cast.flusher, "flusher");
  watch(cast.cold_reader, "cold_reader");
  watch(cast.key_index, "key_index");
  watch(cast.commit_log, "commit_log");
  watch(cast.name_server, "name_server");
  watch(cast.registrar, "registrar");
  watch(cast.directory, "directory");
  watch(cast.scheduler, "scheduler");
  watch(cast.retention, "retention");
  watch(cast.scrubber, "scrubber");
  watch(cast.pop, "pop");
  watch(cast.transactions, "transaction_coordinator");
  watch(cast.timers, "timers");
  watch(cast.gateway, "gateway");
  watch(cast.backlog, "backlog");
  watch(cast.custom_host, "custom_host");
  watch(cast.admin, "admin");
  self->set_down_handler([self, on_failure](const caf::down_msg& x) {
    if (x.reason == caf::exit_reason::user_shutdown || !x.reason)
      return;
    log::error("supervisor", "an actor died, the node ends")
      .with("actor", self->state[x.source])
      .with("why", describe(x.reason));
    on_failure();
  });
  return {[](int) {
    // Nobody sends this: the supervisor only hears of deaths.
  }};
}

/// Asks and waits. For the thread that starts and ends the node.
template <class Reply, class Handle, class Message>
caf::expected<Reply> ask(caf::scoped_actor& self, const Handle& to,
                         Message message, caf::duration timeout) {
  caf::expected<Reply> result = caf::sec::request_timeout;
  self->request(to, timeout, std::move(message))
    .receive([&](Reply& reply) { result = std::move(reply); },
             [&](caf::error& error) { result = std::move(error); });
  return result;
}

/// Topics that the log knows of but whose settings a crash has taken.
std::vector<topic_config>
lost_topics(const std::map<std::string, std::int32_t>& in_log,
            const stored_state& stored, const cast_options& options) {
  std::vector<topic_config> lost;
  for (const auto& [name, queues] : in_log) {
    auto known = std::ranges::any_of(
      stored.topics, [&name = name](const auto& x) { return x.name == name; });
    if (known || names::is_system_topic(name) || name == options.cluster
        || name == options.broker_name
        || name == names::reply_topic_of(options.cluster))
      continue;
    topic_config config;
    config.name = name;
    config.read_queues = config.write_queues = queues;
    lost.push_back(std::move(config));
    log::warning("supervisor", "settings of a topic made again from the log")
      .with("topic", name)
      .with("queues", queues);
  }
  return lost;
}

/// The state, looked at before LMDB trusts it.
struct opened_state {
  std::unique_ptr<storage::lmdb> env;
  bool derive_again = false; ///< what is derived from the log is damaged
};

caf::expected<opened_state> open_state(const std::string& data_directory) {
  auto home = data_directory + "/state";
  auto found = storage::check_state(home, limits::state_pages_checked_max);
  if (auto error = storage::refusal_of(found, data_directory))
    return error;
  if (!found.complete)
    log::info("supervisor", "the state is long, only a part is looked at")
      .with("directory", home)
      .with("pages", found.pages);
  if (found.damaged_count > 0)
    log::error("supervisor", "damaged rows of state are derived from the log "
                             "again")
      .with("rows", found.damaged_count)
      .with("one", found.damaged.front());
  auto env = storage::lmdb::open(home);
  if (!env)
    return std::move(env.error());
  return opened_state{std::move(*env), found.damaged_count > 0};
}

/// Opens the store and brings the state that is derived from its log up to its
/// end.
caf::expected<storage::opened_store>
open_derived(storage::store_options wanted, const transaction_timing& timing,
             const opened_state& state, storage::file_ptr lock) {
  storage::derived_state derived{
    *state.env, timing,
    storage::foreign_timers{storage::timers_delivered_to(wanted.directory)}};
  if (state.derive_again)
    if (auto error = derived.clear())
      return error;
  wanted.more = [&](const storage::record_view& x) { derived.take(x); };
  for (;;) {
    auto applied = derived.applied();
    if (!applied)
      return std::move(applied.error());
    wanted.derived_from = *applied;
    auto store = storage::open_locked_store(wanted, lock);
    if (!store)
      return std::move(store.error());
    auto end = store->log->written();
    if (derived.latest_applied() <= end) {
      auto read = [&log = *store->log](log_offset at, const auto& then) {
        if (auto bytes = log.reader().read_record(at))
          if (auto record = storage::decode_record(bytes->view(),
                                                   storage::record_check::crc))
            then(*record);
      };
      if (auto error = derived.finish(end, read))
        return error;
      return store;
    }
    // Rows of records that are no more cannot be told from the others.
    log::error("supervisor", "the log ends before what was derived from it, "
                             "all of it is read again")
      .with("log_end", end.value);
    if (auto error = derived.clear())
      return error;
  }
}

/// Opens the store with the settings that it has, else those that can be had:
/// Apache RocketMQ's, or what the consume queues still tell.
caf::expected<storage::opened_store>
open_broker_store(const cast_options& options, const opened_state& state,
                  storage::file_ptr lock) {
  const auto& home = options.data_directory;
  auto& env = *state.env;
  if (auto taken = take_over_settings(home, env); !taken)
    return std::move(taken.error());
  auto empty = has_no_settings(env);
  if (!empty)
    return std::move(empty.error());
  if (*empty) {
    auto found = topics_from_queues(home, env);
    if (!found)
      return std::move(found.error());
    if (!found->empty())
      log::error("supervisor",
                 "settings and progress are lost: topics are made again from "
                 "their queues, groups begin where their clients say")
        .with("state", home + "/state")
        .with("topics", found->size());
  }
  storage::store_options wanted{home,
                                options.segment_bytes,
                                options.consume_queue_file_rows,
                                options.delays,
                                {},
                                {},
                                {}};
  auto damaged = env.for_each(storage::table::topics, [&](auto name, auto) {
    wanted.topics.emplace_back(name);
  });
  if (!damaged)
    return std::move(damaged.error());
  auto store =
    open_derived(wanted, options.transactions, state, std::move(lock));
  if (store)
    if (auto error = storage::make_topic_homes(home, wanted.topics))
      return error;
  return store;
}

/// What the broker adds to the properties of every message.
std::string more_properties(const cast_options& options) {
  std::string text;
  properties::append(text, properties::region, "DefaultRegion");
  properties::append(text, properties::trace_on, "true");
  properties::append(text, properties::cluster, options.cluster);
  return text;
}

/// Everything that only a broker has: log, queues, topics, groups.
void spawn_broker(caf::actor_system& system, reactor& home,
                  const cast_options& options, storage::opened_store store,
                  stored_state stored, cast_handles& cast) {
  placement here{&home};
  std::shared_ptr<storage::commit_log> log{std::move(store.log)};
  std::shared_ptr<storage::key_index> index{std::move(store.index)};
  cast.store_lock = std::make_shared<storage::file_ptr>(std::move(store.lock));
  cast.flusher = spawn_flusher(system, threading::detached,
                               options.data_directory, store.last);
  cast.cold_reader = spawn_cold_reader(system, threading::detached);
  cast.key_index = spawn_key_index(system, threading::detached, index);
  cast.commit_log = spawn_commit_log(
    system, here,
    {log, options.flush, more_properties(options), cast.flusher,
     cast.cold_reader, cast.key_index, now_ms, store.last.derived_end});
  for (const auto& address : options.name_servers)
    cast.name_server_links.push_back(spawn_name_server_link(
      system, threading::detached,
      {address, options.broker_port, options.advertise}));
  if (!cast.name_server_links.empty())
    cast.registrar = spawn_registrar(
      system, here, {cast.name_server_links, options.register_wait});
  auto make_queue = [&system, here, options, log, log_actor = cast.commit_log,
                     rows = store.consume_queue_file_rows,
                     cold = cast.cold_reader](const std::string& topic,
                                              queue_id queue) {
    return spawn_queue(
      system, here,
      {topic, queue,
       storage::consume_queue_directory(options.data_directory, topic, queue),
       options.data_directory, options.delays, rows, log, log_actor, cold});
  };
  directory_options names;
  names.cluster = options.cluster;
  names.broker_name = options.broker_name;
  names.broker_id = options.broker_id;
  names.broker_permission = options.broker_permission;
  names.default_topic_queues = options.default_topic_queues;
  names.delay_level_count = options.delays.count();
  names.auto_create_topics = options.auto_create_topics;
  names.auto_create_groups = options.auto_create_groups;
  names.store = cast.state_store;
  names.names = cast.name_server;
  names.registrar = cast.registrar;
  if (options.advertise)
    names.address = to_string(*options.advertise);
  names.prepare_topic = [home = options.data_directory](std::string name) {
    return storage::make_topic_homes(home, {std::move(name)});
  };
  names.make_topic = [&system, here, make_queue](topic_config config) {
    auto topic = config.name;
    return spawn_topic(
      system, here, std::move(config),
      [make_queue, topic](queue_id queue) { return make_queue(topic, queue); });
  };
  names.make_group = [&system, here, state_store = cast.state_store](
                       group_config config, std::vector<offset_row> progress) {
    return spawn_consumer_group(
      system, here, {std::move(config), std::move(progress), state_store});
  };
  names.make_producer = [&system, here](std::string group) {
    return spawn_producer(system, here, std::move(group));
  };
  auto delays = stored.delays;
  auto leases = std::move(stored.leases);
  auto modes = std::move(stored.request_modes);
  std::vector<offset_row> copied;
  for (const auto& progress : stored.progress)
    if (progress.group == revive_group)
      copied = progress.rows;
  names.stored = std::move(stored);
  cast.directory = spawn_directory(system, here, std::move(names));
  caf::anon_send(cast.commit_log, set_rows_source{cast.directory});
  cast.scheduler =
    spawn_scheduler(system, here,
                    {options.delays, std::move(delays), cast.directory,
                     cast.commit_log, cast.state_store});
  caf::anon_send(cast.commit_log, follow_log{cast.scheduler});
  retention_options keeping;
  keeping.directory = options.data_directory;
  keeping.rules = options.retention;
  keeping.log = cast.commit_log;
  keeping.directory_of_topics = cast.directory;
  keeping.index = cast.key_index;
  keeping.period = options.retention_period;
  cast.retention =
    spawn_retention(system, threading::detached, std::move(keeping));
  if (options.scrub.bytes_per_second > 0)
    cast.scrubber =
      spawn_scrubber(system, threading::detached,
                     {options.data_directory, store.consume_queue_file_rows,
                      options.scrub, cast.commit_log, cast.directory});
  // Who reads old records again: no segment goes that one of them needs.
  caf::anon_send(cast.retention,
                 add_log_follower{"delayed messages", cast.scheduler});
  cast.pop = spawn_pop(system, here,
                       {options.broker_name, std::move(leases),
                        std::move(copied), std::move(modes), cast.directory,
                        cast.state_store, std::random_device{}()});
  cast.transactions = spawn_transaction_coordinator(
    system, here,
    {options.transactions, options.broker_name, options.delays,
     options.timer_delay_max_ms, log, cast.commit_log, cast.directory,
     cast.state_store});
  cast.timers = spawn_timers(
    system, here, {log, cast.commit_log, cast.directory, cast.state_store});
  caf::anon_send(cast.commit_log, follow_log{cast.timers});
  caf::anon_send(cast.retention,
                 add_log_follower{"timed messages", cast.timers});
  caf::anon_send(cast.commit_log, follow_log{cast.transactions});
  caf::anon_send(cast.retention,
                 add_log_follower{"open transactions", cast.transactions});
}

/// The host that messages of this node name as theirs.
host own_host(const cast_options& options, std::uint16_t port) {
  if (options.advertise)
    return *options.advertise;
  host result;
  result.bytes = {127, 0, 0, 1};
  result.port = port;
  return result;
}

/// Custom actors: the last to come, the first to go.
void spawn_custom_actors(caf::actor_system& system, cast_options& options,
                         std::vector<custom_spec> stored, cast_handles& cast) {
  custom_host_options host_options;
  host_options.store = cast.state_store;
  host_options.gateway = cast.gateway;
  host_options.transactions = cast.transactions;
  host_options.stored = std::move(stored);
  host_options.make_runner =
    [&system, directory = cast.directory, store = cast.state_store,
     gateway = cast.gateway, delays = options.delays,
     self = own_host(options, cast.ports.broker)](custom_role role) {
      return spawn_custom_runner(
        system, threading::detached,
        {std::move(role), directory, store, gateway, delays, self});
    };
  cast.custom_host = spawn_custom_host(system, std::move(host_options));
  caf::scoped_actor self{system};
  auto started =
    ask<custom_started>(self, cast.custom_host, std::move(options.custom),
                        caf::duration{limits::custom_ask_timeout});
  if (!started)
    log::warning("supervisor", "custom actors are still starting");
}

/// Waits until only `hanging` actors are left; bounded.
void await_others(caf::actor_system& system, std::size_t hanging) {
  constexpr std::chrono::milliseconds step{10};
  for (auto waited = step;
       system.registry().running() > hanging && waited < limits::drain_timeout;
       waited += step)
    std::this_thread::sleep_for(step);
}

/// The cast by path, for the shell.
std::vector<cast_member> members_of(const cast_options& options,
                                    const cast_handles& cast) {
  std::vector<cast_member> members;
  auto add = [&](std::string path, const char* kind, const char* where,
                 const auto& handle) {
    if (handle)
      members.push_back({std::move(path), kind, where,
                         caf::actor_cast<caf::strong_actor_ptr>(handle)});
  };
  add("/backlog", "backlog", "pinned", cast.backlog);
  add("/cold-reader", "cold_reader", "detached", cast.cold_reader);
  add("/directory", "directory", "pinned", cast.directory);
  add("/flusher", "flusher", "detached", cast.flusher);
  add("/gateway", "gateway", "pinned", cast.gateway);
  add("/key-index", "key_index", "detached", cast.key_index);
  add("/log", "commit_log", "pinned", cast.commit_log);
  add("/name-server", "name_server", "pinned", cast.name_server);
  add("/pop", "pop", "pinned", cast.pop);
  add("/registrar", "registrar", "pinned", cast.registrar);
  for (std::size_t i = 0; i < cast.name_server_links.size(); ++i)
    add("/registrar/" + options.name_servers[i], "name_server_link", "detached",
        cast.name_server_links[i]);
  add("/retention", "retention", "detached", cast.retention);
  add("/scheduler", "scheduler", "pinned", cast.scheduler);
  add("/scrubber", "scrubber", "detached", cast.scrubber);
  add("/store", "state_store", "detached", cast.state_store);
  add("/timers", "timers", "pinned", cast.timers);
  add("/tx", "transaction_coordinator", "pinned", cast.transactions);
  return members;
}

admin_door spawn_admin_of(caf::actor_system& system,
                          const cast_options& options,
                          const cast_handles& cast) {
  admin_options admin;
  admin.directory = cast.directory;
  admin.log = cast.commit_log;
  admin.scheduler = cast.scheduler;
  admin.names = cast.name_server;
  admin.gateway = cast.gateway;
  admin.custom = cast.custom_host;
  admin.transactions = cast.transactions;
  admin.timers = cast.timers;
  admin.pop = cast.pop;
  admin.backlog = cast.backlog;
  admin.cast = members_of(options, cast);
  admin.listen = options.listen;
  admin.broker_port = cast.ports.broker;
  admin.name_server_port = cast.ports.name_server;
  admin.data_directory = options.data_directory;
  admin.cluster = options.cluster;
  admin.broker_name = options.broker_name;
  admin.delays = options.delays;
  admin.started = now_ms();
  return spawn_admin(system, std::move(admin));
}

} // namespace

live_settings live_settings_of(const cast_options& options) {
  return {options.body_bytes_max, options.recall_messages,
          options.reset_at_broker, options.retention, options.transactions};
}

caf::expected<cast_handles> start_cast(caf::actor_system& system, reactor& home,
                                       cast_options options,
                                       std::function<void()> on_failure) {
  cast_handles cast;
  if (auto error = storage::make_directories(options.data_directory))
    return error;
  storage::file_ptr lock;
  if (options.broker) {
    auto locked = storage::lock_directory(options.data_directory);
    if (!locked)
      return std::move(locked.error());
    lock = std::move(*locked);
  }
  auto state = open_state(options.data_directory);
  if (!state)
    return std::move(state.error());
  auto kept_settings = restore_settings(options, *state->env);
  if (!kept_settings)
    return std::move(kept_settings.error());
  storage::opened_store store;
  if (options.broker) {
    auto opened = open_broker_store(options, *state, std::move(lock));
    if (!opened)
      return std::move(opened.error());
    store = std::move(*opened);
  }
  cast.state_store =
    spawn_state_store(system, threading::detached, std::move(state->env));
  caf::scoped_actor self{system};
  auto stored =
    ask<stored_state>(self, cast.state_store, load_stored{}, caf::infinite);
  if (!stored) {
    self->send_exit(cast.state_store, caf::exit_reason::user_shutdown);
    return std::move(stored.error());
  }
  if (auto lost = lost_topics(store.topics, *stored, options); !lost.empty()) {
    std::ranges::copy(lost, std::back_inserter(stored->topics));
    auto kept = ask<troupe::stored>(
      self, cast.state_store,
      put_topics{stored->topics_version, std::move(lost), {}}, caf::infinite);
    if (!kept) {
      self->send_exit(cast.state_store, caf::exit_reason::user_shutdown);
      return std::move(kept.error());
    }
  }
  if (options.name_server)
    cast.name_server =
      spawn_name_server(system, {&home}, {stored->kv, cast.state_store});
  auto custom = std::move(stored->custom);
  if (options.broker)
    spawn_broker(system, home, options, std::move(store), std::move(*stored),
                 cast);
  if (options.broker)
    cast.backlog = spawn_backlog(system, {&home}, {cast.directory, cast.pop});
  gateway_options doors;
  doors.listen = options.listen;
  if (options.broker)
    doors.broker_port = options.broker_port;
  if (options.name_server)
    doors.name_server_port = options.name_server_port;
  doors.cluster = options.cluster;
  doors.broker_name = options.broker_name;
  doors.broker_id = options.broker_id;
  doors.advertise = options.advertise;
  doors.broker_permission = options.broker_permission;
  doors.live = live_settings_of(options);
  doors.change_settings = options.change_settings;
  doors.kept_settings = std::move(*kept_settings);
  doors.store = cast.state_store;
  doors.memory_max = options.memory_max;
  doors.auto_create_groups = options.auto_create_groups;
  doors.property_filter = options.property_filter;
  doors.delays = options.delays;
  doors.directory = cast.directory;
  doors.log = cast.commit_log;
  doors.scheduler = cast.scheduler;
  doors.pop = cast.pop;
  doors.timer_delay_max_ms = options.timer_delay_max_ms;
  doors.transactions = cast.transactions;
  doors.timers = cast.timers;
  doors.backlog = cast.backlog;
  doors.retention = cast.retention;
  doors.names = cast.name_server;
  doors.settings = options.settings;
  doors.started = now_ms();
  doors.await_links =
    options.broker && (!custom.empty() || !options.custom.specs.empty());
  auto gateway = spawn_gateway(system, home, std::move(doors));
  home.start();
  if (!gateway) {
    stop_cast(system, home, cast);
    return std::move(gateway.error());
  }
  cast.gateway = gateway->actor;
  cast.ports = gateway->ports;
  if (options.broker)
    caf::anon_send(cast.backlog, watch_gateway{cast.gateway});
  spawn_custom_actors(system, options, std::move(custom), cast);
  cast.admin = spawn_admin_of(system, options, cast);
  cast.supervisor = system.spawn(supervisor, cast, std::move(on_failure));
  return cast;
}

caf::error stop_cast(caf::actor_system& system, reactor& home,
                     cast_handles& cast) {
  caf::error first;
  std::size_t hanging = 0; // custom actors that do not end
  auto note = [&first](const char* step, const auto& result) {
    if (result)
      return;
    log::error("supervisor", "a step of the shutdown failed")
      .with("step", step)
      .with("why", describe(result.error()));
    if (!first)
      first = result.error();
  };
  {
    caf::scoped_actor self{system};
    auto limit = caf::duration{limits::drain_timeout};
    auto end = [&self](const auto& handle) {
      if (handle)
        self->send_exit(handle, caf::exit_reason::user_shutdown);
    };
    if (cast.supervisor)
      self->send_exit(cast.supervisor, caf::exit_reason::user_shutdown);
    if (cast.admin)
      self->send(cast.admin, end_admin{});
    if (cast.registrar)
      note("withdraw", ask<withdrawn>(self, cast.registrar, withdraw{}, limit));
    if (cast.gateway)
      note("drain gateway",
           ask<gateway_drained>(self, cast.gateway, drain_gateway{}, limit));
    if (cast.custom_host) {
      auto stopped =
        ask<custom_stopped>(self, cast.custom_host, stop_custom{}, limit);
      note("custom actors", stopped);
      if (stopped && !stopped->hanging.empty()) {
        hanging = stopped->hanging.size();
        first =
          make_error(errc::busy, "custom actor `" + stopped->hanging.front()
                                   + "` does not return from a call");
        log::error("supervisor", "a custom actor does not end")
          .with("why", context_of(first));
      }
      end(cast.custom_host);
    }
    if (cast.commit_log)
      note("drain log",
           ask<log_drained>(self, cast.commit_log, drain_log{}, limit));
    if (cast.directory)
      note("progress",
           ask<offsets_flushed>(self, cast.directory, flush_offsets{}, limit));
    if (cast.commit_log)
      note("checkpoint", ask<checkpoint_done>(self, cast.commit_log,
                                              final_checkpoint{}, limit));
    end(cast.backlog);
    end(cast.gateway);
    end(cast.retention);
    end(cast.scrubber);
    end(cast.scheduler);
    end(cast.pop);
    end(cast.transactions);
    end(cast.timers);
    end(cast.directory);
    end(cast.commit_log);
    end(cast.name_server);
    end(cast.registrar);
    end(cast.key_index);
    end(cast.cold_reader);
    end(cast.flusher);
    end(cast.state_store);
  }
  cast = {};
  if (hanging == 0)
    system.await_all_actors_done();
  else
    await_others(system, hanging);
  home.stop();
  return first;
}

} // namespace troupe
