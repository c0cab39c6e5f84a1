/// Routes, brokers and settings of a name server, and its rules. No messages;
/// time comes as an argument.
/// Source: RocketMQ 5.3 RouteInfoManager, KVConfigManager; sheet remoting 3.15.
#pragma once

#include "troupe/actor/name_server.hpp"

#include <caf/expected.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

class name_server_state {
public:
  // -- brokers ----------------------------------------------------------------

  /// @errors config_conflict, invalid_argument, busy
  caf::expected<broker_registered> register_one(const register_broker& wish,
                                                epoch_ms now);

  void unregister(const unregister_broker& who);

  /// A sign of life; nothing for brokers that are not registered.
  void heard(const std::string& cluster, const std::string& address,
             epoch_ms now);

  /// The broker that registered over this connection is gone.
  void connection_lost(const client_link& link);

  /// Removes brokers that have not been heard of for too long.
  /// @returns their names, for the log
  std::vector<std::string> expire(epoch_ms now);

  bool has_brokers() const { return !live_.empty(); }

  data_version_state compare(const query_data_version& wish, epoch_ms now);

  // -- routes -----------------------------------------------------------------

  /// @errors topic_not_found
  caf::expected<topic_route> route(const std::string& topic) const;

  cluster_table clusters() const;

  /// @errors broker_not_found
  caf::expected<broker_data> broker(const std::string& name) const;

  /// @returns how many topics of the broker changed
  std::int32_t change_write_perm(const std::string& broker, bool writable);

  routed_topics topics(const list_routed_topics& wish) const;

  void delete_route(const std::string& topic, const std::string& cluster);
  void put_route(const put_route& wish);

  // -- settings ---------------------------------------------------------------

  void put(const std::string& ns, const std::string& key, std::string value);
  void remove(const std::string& ns, const std::string& key);

  /// @errors config_not_found
  caf::expected<std::string> get(const std::string& ns,
                                 const std::string& key) const;
  caf::expected<std::map<std::string, std::string>>
  list(const std::string& ns) const;

  std::size_t settings() const;

private:
  struct live_broker {
    std::string name;
    std::int64_t id = 0;
    epoch_ms last_seen;
    std::int64_t expiry_ms = 0;
    data_version version;
    std::optional<client_link> link; ///< none: in this process
  };

  using address_key = std::pair<std::string, std::string>; // cluster, address

  void drop(const address_key& key);
  enum class table_kind : std::uint8_t {
    whole,
    part
  };

  void apply_topics(const broker_registration& says, table_kind kind,
                    bool same_version);
  void apply_changes(const register_broker& wish);
  std::int64_t smallest_id(const std::string& name) const;

  std::map<std::string, std::set<std::string>> clusters_; // broker names
  std::map<std::string, broker_data> brokers_;            // by name
  std::map<address_key, live_broker> live_;
  /// topic -> broker name -> its queues
  std::map<std::string, std::map<std::string, queue_data>> topics_;
  std::map<std::string, std::map<std::string, std::string>> settings_;
};

} // namespace troupe
