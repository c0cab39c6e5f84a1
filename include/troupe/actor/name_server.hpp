/// Routes, live brokers and shared settings. Our own broker registers here by
/// message, foreign brokers over the wire.
/// Spawned by supervisor. Sends to state_store. Never blocks.
#pragma once

#include "troupe/actor/caller.hpp"
#include "troupe/model/route.hpp"

#include <optional>

namespace troupe {

/// The address of a broker in this process when none is configured: whoever
/// answers a client puts the address which that client used to reach us.
inline constexpr std::string_view same_address = "";

/// A broker announces itself and its topics (REGISTER_BROKER).
struct register_broker {
  broker_registration says;
  std::optional<client_link> link; ///< none: the broker of this process
  bool topics_included = true;     ///< false: a heartbeat only
  /// Of the broker of this process: `says.topics` is only what has changed,
  /// `removed` what was deleted.
  bool changes_only = false;
  std::vector<std::string> removed;
};

struct broker_registered {
  std::string master_address; ///< for slaves, when a master lives
  std::string ha_address;
  std::map<std::string, std::string> order_topics; ///< ORDER_TOPIC_CONFIG
};

struct unregister_broker {
  std::string cluster;
  std::string name;
  std::int64_t broker_id = 0;
  std::string address;
};

struct broker_unregistered {};

/// A heartbeat between registrations (BROKER_HEARTBEAT).
struct broker_heartbeat {
  std::string cluster;
  std::string name;
  std::string address;
};

/// The connection of a broker closed: it is gone at once.
struct broker_gone {
  client_link link;
};

/// Whether topics changed (QUERY_DATA_VERSION).
struct query_data_version {
  std::string cluster;
  std::string name;
  std::string address;
  data_version version;
};

struct data_version_state {
  bool changed = true;
  std::optional<data_version> held;
};

struct find_route {
  std::string topic;
};

struct route_found {
  topic_route route;
};

struct describe_cluster {};

struct cluster_table {
  std::map<std::string, broker_data> brokers;               ///< by name
  std::map<std::string, std::vector<std::string>> clusters; ///< broker names
};

struct put_setting {
  std::string ns;
  std::string key;
  std::string value;
};

struct delete_setting {
  std::string ns;
  std::string key;
};

struct setting_changed {};

struct get_setting {
  std::string ns;
  std::string key;
};

struct setting_found {
  std::string value;
};

struct list_settings {
  std::string ns;
};

struct settings_found {
  std::map<std::string, std::string> values;
};

/// Clears or restores the write bit of all topics of a broker.
struct change_write_perm {
  std::string broker_name;
  bool writable = false;
};

struct write_perm_changed {
  std::int32_t topics = 0;
};

/// Which topics to list.
enum class topic_selection : std::uint8_t {
  all,
  of_cluster,
  system, ///< names of clusters and brokers
  unit,
  unit_subscription,
  unit_subscription_only,
};

struct list_routed_topics {
  topic_selection selection = topic_selection::all;
  std::string cluster;
};

struct routed_topics {
  std::vector<std::string> topics;
  std::string broker_address; ///< for system: one live broker
};

/// Forgets a topic's route; of one cluster only unless that is empty.
struct delete_route {
  std::string topic;
  std::string cluster;
};

/// Puts a topic's queues for known brokers (REGISTER_TOPIC_IN_NAMESRV).
struct put_route {
  std::string topic;
  std::vector<queue_data> queues;
};

struct route_changed {};

/// All addresses of one broker name. Errors: broker_not_found.
struct find_broker {
  std::string cluster;
  std::string name;
};

struct broker_found {
  broker_data broker;
};

/// Drops brokers without heartbeat. The name server's own timer.
struct broker_expire_tick {};

using name_server_actor = caf::typed_actor<
  // Errors: config_conflict, invalid_argument, busy.
  caf::replies_to<register_broker>::with<broker_registered>,
  caf::replies_to<unregister_broker>::with<broker_unregistered>,
  caf::reacts_to<broker_heartbeat>, caf::reacts_to<broker_gone>,
  caf::replies_to<query_data_version>::with<data_version_state>,
  // Errors: topic_not_found.
  caf::replies_to<find_route>::with<route_found>,
  caf::replies_to<describe_cluster>::with<cluster_table>,
  // Errors: busy, state_write_failed.
  caf::replies_to<put_setting>::with<setting_changed>,
  caf::replies_to<delete_setting>::with<setting_changed>,
  // Errors: config_not_found.
  caf::replies_to<get_setting>::with<setting_found>,
  caf::replies_to<list_settings>::with<settings_found>,
  // Errors: broker_not_found.
  caf::replies_to<change_write_perm>::with<write_perm_changed>,
  caf::replies_to<list_routed_topics>::with<routed_topics>,
  caf::replies_to<delete_route>::with<route_changed>,
  caf::replies_to<put_route>::with<route_changed>,
  caf::replies_to<find_broker>::with<broker_found>,
  caf::reacts_to<broker_expire_tick>>;

} // namespace troupe
