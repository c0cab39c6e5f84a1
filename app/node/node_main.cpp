#include "app/node/node_main.hpp"

#include "admin/door.hpp"
#include "app/node/live_options.hpp"
#include "app/node/pass.hpp"
#include "app/options.hpp"
#include "supervisor/supervisor.hpp"

#include "troupe/log.hpp"
#include "troupe/model/names.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <iterator>
#include <memory>

#include <arpa/inet.h>
#include <sys/resource.h>
#include <unistd.h>

namespace troupe::app {

namespace {

/// Reads `address` or `address:port`.
caf::expected<std::optional<host>> parse_advertise(const std::string& text) {
  if (text.empty())
    return std::optional<host>{};
  host result;
  auto address = text;
  auto colon = text.rfind(':');
  if (colon != text.npos && text.find(':') == colon) {
    address = text.substr(0, colon);
    result.port = static_cast<std::uint16_t>(
      std::strtoul(text.c_str() + colon + 1, nullptr, 10));
  }
  if (::inet_pton(AF_INET, address.c_str(), result.bytes.data()) == 1)
    return std::optional{result};
  if (::inet_pton(AF_INET6, address.c_str(), result.bytes.data()) == 1) {
    result.size = 16;
    return std::optional{result};
  }
  return make_error(errc::bad_config,
                    "--advertise `" + text
                      + "` is no IPv4 or IPv6 address in numbers; message ids "
                        "hold addresses, not names");
}

/// The host's name with what a broker name may not hold replaced.
std::string default_broker_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  std::string text = name;
  for (char& c : text)
    if (!names::has_legal_characters({&c, 1}))
      c = '-';
  return text.empty() ? "broker" : text;
}

} // namespace

caf::expected<cast_options> cast_of(const node_options& options) {
  cast_options cast;
  cast.data_directory = options.data;
  cast.listen = options.listen;
  cast.broker_port = options.broker_port;
  cast.name_server_port = options.name_server_port;
  cast.broker = options.role != node_role::name_server;
  cast.name_server = options.role != node_role::broker;
  cast.name_servers = options.name_servers;
  auto advertise = parse_advertise(options.advertise);
  if (!advertise)
    return std::move(advertise.error());
  cast.advertise = *advertise;
  if (cast.advertise && cast.advertise->port == 0)
    cast.advertise->port = options.broker_port;
  cast.broker_name =
    options.broker_name.empty() ? default_broker_name() : options.broker_name;
  cast.broker_id = options.broker_id;
  cast.cluster = options.cluster;
  cast.flush = options.sync_flush ? flush_mode::sync : flush_mode::async;
  cast.auto_create_topics = options.auto_create_topics;
  cast.auto_create_groups = options.auto_create_groups;
  cast.property_filter = options.property_filter;
  cast.default_topic_queues = options.default_topic_queues;
  cast.broker_permission = options.broker_permission;
  cast.body_bytes_max = static_cast<std::size_t>(options.message_bytes_max);
  cast.segment_bytes = options.segment_bytes;
  cast.memory_max = options.memory_max;
  cast.retention = options.retention;
  cast.retention_period =
    std::chrono::milliseconds{options.retention_period_ms};
  cast.scrub.bytes_per_second = options.scrub_bytes;
  if (!options.delay_levels.empty())
    cast.delays = *delay_levels::parse(options.delay_levels);
  cast.transactions.first_check_ms = options.transaction_timeout_ms;
  cast.transactions.check_interval_ms = options.transaction_check_interval_ms;
  cast.transactions.checks_max = options.transaction_checks_max;
  if (options.retention.keep_ms > 0) // RocketMQ gives them up at that age too
    cast.transactions.age_max_ms = options.retention.keep_ms;
  cast.timer_delay_max_ms = options.timer_delay_max_seconds * 1000;
  cast.recall_messages = options.recall_messages;
  cast.reset_at_broker = options.reset_at_broker;
  cast.custom.plugins = options.plugins;
  cast.custom.plugin_directories = options.plugin_directories;
  cast.custom.specs = options.custom;
  auto flag = [](bool x) { return std::string{x ? "true" : "false"}; };
  cast.settings = {
    {"autoCreateSubscriptionGroup", flag(options.auto_create_groups)},
    {"autoCreateTopicEnable", flag(options.auto_create_topics)},
    {"brokerClusterName", cast.cluster},
    {"brokerId", std::to_string(cast.broker_id)},
    {"brokerName", cast.broker_name},
    {"brokerPermission", std::to_string(cast.broker_permission)},
    {"brokerRole", "ASYNC_MASTER"},
    {"defaultTopicQueueNums", std::to_string(cast.default_topic_queues)},
    {"enablePropertyFilter", flag(options.property_filter)},
    {"filterServerNums", "0"},
    {"flushDiskType", options.sync_flush ? "SYNC_FLUSH" : "ASYNC_FLUSH"},
    {"listenPort", std::to_string(cast.broker_port)},
    {"mappedFileSizeCommitLog", std::to_string(cast.segment_bytes)},
    {"messageDelayLevel", options.delay_levels.empty()
                            ? std::string{delay_levels::default_text}
                            : options.delay_levels},
    {"msgTraceTopicName", std::string{names::trace_topic}},
    {"slaveReadEnable", "false"},
    {"storePathRootDir", options.data},
    {"timerMaxDelaySec", std::to_string(options.timer_delay_max_seconds)},
    {"timerWheelEnable", "true"},
    {"traceOn", "true"},
    {"traceTopicEnable", "true"}, // made on first use
    {"useTLS", "false"},          // mqadmin exportConfigs asks for it
  };
  std::ranges::move(changeable_settings(options),
                    std::back_inserter(cast.settings));
  std::ranges::sort(cast.settings);
  auto live = std::make_shared<live_options>(options);
  cast.change_settings = [live](std::string_view lines) {
    return live->change(lines);
  };
  cast.restore_settings = [live](const std::vector<kept_setting>& kept) {
    return live->restore(kept);
  };
  return cast;
}

namespace {

/// None when the shell is not let in.
std::optional<door_options> door_of(const node_options& options) {
  if (!options.shell_port)
    return {};
  door_options door;
  door.listen = options.shell_listen;
  door.port = *options.shell_port;
  door.tls = {options.shell_certificate, options.shell_key, options.shell_ca};
  return door;
}

/// One line for scripts, then a block for people.
/// @param shell_port  0: the shell is not let in
void announce(const node_options& options, const cast_handles& cast,
              std::uint16_t shell_port) {
  auto line = std::string{"ready"};
  if (cast.ports.broker != 0)
    line += " broker=" + std::to_string(cast.ports.broker);
  if (cast.ports.name_server != 0)
    line += " nameserver=" + std::to_string(cast.ports.name_server);
  if (shell_port != 0)
    line += " shell=" + std::to_string(shell_port);
  std::cout << line << '\n';
  if (cast.ports.broker != 0)
    std::cout << "  broker       " << options.listen << ":" << cast.ports.broker
              << "\n";
  if (cast.ports.name_server != 0)
    std::cout << "  name server  " << options.listen << ":"
              << cast.ports.name_server
              << "   (what clients are given: namesrvAddr)\n";
  if (shell_port != 0)
    std::cout << "  shell        " << options.shell_listen << ":" << shell_port
              << "   (troupe shell"
              << (shell_port == limits::shell_port
                    ? ""
                    : " " + options.shell_listen + ":"
                        + std::to_string(shell_port))
              << ")\n";
  std::cout << "  data         " << options.data << "\n"
            << "  flush        " << (options.sync_flush ? "sync" : "async")
            << "\n";
  if (options.role == node_role::all)
    std::cout << "  first message: point any RocketMQ client at "
              << options.listen << ":" << cast.ports.name_server
              << " and send; topics are made on first use\n";
  std::cout << std::flush;
}

/// Connections and files: as many descriptors as the system lets us have. What
/// it gives at first, often 1024, is for programs that use select().
void raise_descriptor_limit() {
  rlimit allowed{};
  if (::getrlimit(RLIMIT_NOFILE, &allowed) != 0)
    return;
  allowed.rlim_cur = allowed.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &allowed) != 0)
    log::warning("node", "the limit of descriptors cannot be raised")
      .with("why", std::strerror(errno));
}

} // namespace

int node_main(const std::vector<std::string>& arguments) {
  auto parsed = parse_node_options(arguments);
  if (!parsed) {
    std::cerr << "troupe node: " << context_of(parsed.error()) << '\n';
    return 2;
  }
  if (!*parsed)
    return 0;
  const auto& options = **parsed;
  auto wanted = cast_of(options);
  if (!wanted) {
    std::cerr << "troupe node: " << context_of(wanted.error()) << '\n';
    return 2;
  }
  auto door = door_of(options);
  if (door)
    if (auto error = check_door(*door)) {
      std::cerr << "troupe node: " << context_of(error) << '\n';
      return 2;
    }
  // Blocked before any thread is made, so that this one gets them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();

  caf::actor_system_config config;
  // Work stealing polls: with it one 10 ms timer costs a quarter of a core.
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", std::size_t{2});
  if (door)
    prepare_network(config, door->tls);
  caf::actor_system system{config};
  reactor home{system};
  std::atomic<bool> failed{false};
  wanted->custom.types = {pass_type()};
  auto cast = start_cast(system, home, std::move(*wanted), [&failed] {
    failed = true;
    ::kill(::getpid(), SIGTERM);
  });
  if (!cast) {
    std::cerr << "troupe node: " << context_of(cast.error()) << '\n';
    return 1;
  }
  std::uint16_t shell_port = 0;
  if (door) {
    auto opened = open_door(system, cast->admin, *door);
    if (opened) {
      shell_port = *opened;
    } else if (!options.shell_port_given) {
      // Several nodes on one machine: the first has the default port.
      log::warning("node", "no shell is let in")
        .with("why", context_of(opened.error()));
    } else {
      std::cerr << "troupe node: " << context_of(opened.error()) << '\n';
      stop_cast(system, home, *cast);
      return 1;
    }
  }
  announce(options, *cast, shell_port);
  int signal = 0;
  ::sigwait(&signals, &signal);
  log::info("node", "ending").with("signal", signal);
  if (door)
    close_door(system, cast->admin);
  auto ended = stop_cast(system, home, *cast);
  if (ended)
    failed = true;
  if (ended && is(ended, errc::busy)) {
    // A thread that never ends would be waited for: everything of ours is on
    // disk, so leave.
    log::info("node", "ended").with("in_order", "no");
    std::_Exit(1);
  }
  log::info("node", "ended").with("in_order", failed ? "no" : "yes");
  return failed ? 1 : 0;
}

} // namespace troupe::app
