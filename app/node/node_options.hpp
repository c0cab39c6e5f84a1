/// What a node can be told on its command line or in its configuration file.
#pragma once

#include "troupe/actor/custom_host.hpp"
#include "troupe/limits.hpp"
#include "troupe/model/retention_rules.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::app {

enum class node_role : std::uint8_t {
  all,
  broker,
  name_server
};

struct node_options {
  std::string data = "./troupe-data";
  std::string listen = "127.0.0.1";
  std::uint16_t broker_port = 10911;
  std::uint16_t name_server_port = 9876;
  node_role role = node_role::all;
  std::vector<std::string> name_servers; ///< elsewhere, `host:port`
  std::string advertise;   ///< address, `address:port`; empty: none
  std::string broker_name; ///< empty: the host's name
  std::string cluster = "DefaultCluster";
  std::int64_t broker_id = 0;
  bool sync_flush = true;
  bool auto_create_topics = true;
  bool auto_create_groups = true;
  bool property_filter = true; ///< on, unlike RocketMQ: who writes SQL wants it
  std::int32_t default_topic_queues = limits::default_topic_queues;
  std::int32_t broker_permission = 6;
  std::int64_t message_bytes_max = limits::body_bytes_max;
  std::int64_t segment_bytes = limits::segment_bytes;
  std::int64_t transaction_timeout_ms = 6'000;
  std::int64_t transaction_check_interval_ms = 30'000;
  std::int32_t transaction_checks_max = 15;
  std::int64_t timer_delay_max_seconds = limits::timer_delay_max_ms / 1000;
  bool recall_messages = true;
  bool reset_at_broker = true; ///< else members are told, as RocketMQ 4 does
  std::string delay_levels;    ///< empty: RocketMQ's eighteen
  std::int64_t retention_period_ms = limits::retention_period.count();
  std::int64_t memory_max = limits::memory_bytes_max;
  std::int64_t scrub_bytes = limits::scrub_bytes_per_second;
  retention_rules retention;
  std::vector<std::string> plugins;            ///< shared libraries
  std::vector<std::string> plugin_directories; ///< every `.so` in them
  std::vector<custom_spec> custom;             ///< custom actors to spawn
  std::string shell_listen = "127.0.0.1";
  std::optional<std::uint16_t> shell_port = limits::shell_port; ///< none: off
  bool shell_port_given = false; ///< else the node starts without, if need be
  std::string shell_certificate; ///< PEM files; empty: no TLS
  std::string shell_key;
  std::string shell_ca;
};

} // namespace troupe::app
