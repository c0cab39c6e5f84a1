#include "name_server/name_server_state.hpp"

#include "troupe/errc.hpp"
#include "troupe/limits.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr std::string_view order_namespace = "ORDER_TOPIC_CONFIG";
constexpr std::int32_t flag_unit = 1;
constexpr std::int32_t flag_unit_subscription = 2;

queue_data queues_of(const topic_config& topic, const std::string& broker) {
  return {broker, topic.read_queues, topic.write_queues, topic.perm,
          topic.sys_flag};
}

} // namespace

caf::expected<broker_registered>
name_server_state::register_one(const register_broker& wish, epoch_ms now) {
  const auto& says = wish.says;
  if (says.name.empty() || says.cluster.empty())
    return make_error(errc::invalid_argument,
                      "a broker registers with a broker name and a cluster");
  address_key key{says.cluster, says.address};
  auto known = live_.find(key);
  if (known == live_.end() && live_.size() >= limits::brokers_max)
    return make_error(errc::busy, "too many brokers are registered");
  auto& broker = brokers_[says.name];
  auto fresh = !broker.addresses.contains(says.broker_id);
  if (fresh && wish.link && says.topics.size() == 1) {
    // An incremental update before the full one would hide all other topics.
    if (broker.addresses.empty())
      brokers_.erase(says.name);
    return make_error(errc::config_conflict,
                      "Can't register topicConfigWrapper with one topic as "
                      "broker["
                        + says.name + "] has not registered. Please retry.");
  }
  if (fresh && wish.changes_only) {
    if (broker.addresses.empty())
      brokers_.erase(says.name);
    return make_error(errc::config_conflict,
                      "broker[" + says.name
                        + "] has not registered: all of its topics are wanted");
  }
  broker.cluster = says.cluster;
  broker.name = says.name;
  broker.acting_master = says.acting_master;
  std::erase_if(broker.addresses, [&](const auto& x) {
    return x.second == says.address && x.first != says.broker_id;
  });
  broker.addresses[says.broker_id] = says.address;
  clusters_[says.cluster].insert(says.name);
  auto unchanged =
    known != live_.end() && !fresh && known->second.version == says.version;
  if (wish.changes_only)
    apply_changes(wish);
  else if (wish.topics_included
           && (says.broker_id == 0
               || (says.acting_master
                   && smallest_id(says.name) == says.broker_id)))
    apply_topics(says, wish.link ? table_kind::part : table_kind::whole,
                 unchanged);
  auto& live = live_[key];
  live.name = says.name;
  live.id = says.broker_id;
  live.last_seen = now;
  live.expiry_ms = says.expiry_ms.value_or(
    std::chrono::milliseconds{limits::broker_expiry}.count());
  live.version = says.version;
  live.link = wish.link;
  broker_registered answer;
  if (says.broker_id != 0)
    if (auto master = broker.addresses.find(0);
        master != broker.addresses.end())
      answer.master_address = master->second;
  if (auto order = settings_.find(std::string{order_namespace});
      order != settings_.end())
    answer.order_topics = order->second;
  return answer;
}

std::int64_t name_server_state::smallest_id(const std::string& name) const {
  auto found = brokers_.find(name);
  return found == brokers_.end() || found->second.addresses.empty()
           ? 0
           : found->second.addresses.begin()->first;
}

void name_server_state::apply_changes(const register_broker& wish) {
  const auto& name = wish.says.name;
  for (const auto& topic : wish.says.topics)
    topics_[topic.name][name] = queues_of(topic, name);
  for (const auto& topic : wish.removed)
    if (auto found = topics_.find(topic); found != topics_.end()) {
      found->second.erase(name);
      if (found->second.empty())
        topics_.erase(found);
    }
}

/// A broker elsewhere may send only what has changed; what it has deleted is
/// deleted here with DELETE_TOPIC_IN_NAMESRV. Our own sends all, or its
/// changes (apply_changes).
void name_server_state::apply_topics(const broker_registration& says,
                                     table_kind kind, bool same_version) {
  std::set<std::string_view> named;
  for (const auto& topic : says.topics) {
    named.insert(topic.name);
    auto& queues = topics_[topic.name];
    // Two topics made at once come one by one, both with the newest version.
    if (same_version && queues.contains(says.name))
      continue;
    queues[says.name] = queues_of(topic, says.name);
  }
  if (kind == table_kind::part || same_version)
    return;
  for (auto& [topic, queues] : topics_)
    if (!named.contains(topic))
      queues.erase(says.name);
  std::erase_if(topics_, [](const auto& x) { return x.second.empty(); });
}

void name_server_state::drop(const address_key& key) {
  auto found = live_.find(key);
  if (found == live_.end())
    return;
  auto name = found->second.name;
  auto id = found->second.id;
  live_.erase(found);
  auto broker = brokers_.find(name);
  if (broker == brokers_.end())
    return;
  auto& addresses = broker->second.addresses;
  if (auto mine = addresses.find(id);
      mine != addresses.end() && mine->second == key.second)
    addresses.erase(mine);
  if (!addresses.empty())
    return;
  brokers_.erase(broker);
  auto& cluster = clusters_[key.first];
  cluster.erase(name);
  if (cluster.empty())
    clusters_.erase(key.first);
  for (auto& [topic, queues] : topics_)
    queues.erase(name);
  std::erase_if(topics_, [](const auto& x) { return x.second.empty(); });
}

void name_server_state::unregister(const unregister_broker& who) {
  drop({who.cluster, who.address});
}

void name_server_state::heard(const std::string& cluster,
                              const std::string& address, epoch_ms now) {
  if (auto found = live_.find({cluster, address}); found != live_.end())
    found->second.last_seen = now;
}

void name_server_state::connection_lost(const client_link& link) {
  std::vector<address_key> gone;
  for (const auto& [key, broker] : live_)
    if (broker.link && broker.link->connection == link.connection)
      gone.push_back(key);
  for (const auto& key : gone)
    drop(key);
}

std::vector<std::string> name_server_state::expire(epoch_ms now) {
  std::vector<address_key> gone;
  std::vector<std::string> names;
  for (const auto& [key, broker] : live_)
    if (broker.link && now - broker.last_seen > broker.expiry_ms) {
      gone.push_back(key);
      names.push_back(broker.name);
    }
  for (const auto& key : gone)
    drop(key);
  return names;
}

data_version_state name_server_state::compare(const query_data_version& wish,
                                              epoch_ms now) {
  auto found = live_.find({wish.cluster, wish.address});
  if (found == live_.end())
    return {true, {}};
  auto changed = found->second.version != wish.version;
  if (!changed)
    found->second.last_seen = now;
  return {changed, found->second.version};
}

caf::expected<topic_route>
name_server_state::route(const std::string& topic) const {
  topic_route result;
  if (auto found = topics_.find(topic); found != topics_.end())
    for (const auto& [name, queues] : found->second)
      if (auto broker = brokers_.find(name); broker != brokers_.end()) {
        result.queues.push_back(queues);
        result.brokers.push_back(broker->second);
        auto& shown = result.brokers.back();
        auto first = shown.addresses.begin();
        // Without a master, the smallest acting one is shown as the master.
        if (shown.acting_master && first->first != 0
            && (queues.perm & permission::write) == 0) {
          auto address = first->second;
          shown.addresses.erase(first);
          shown.addresses[0] = std::move(address);
        }
      }
  if (result.brokers.empty())
    return make_error(errc::topic_not_found,
                      "No topic route info in name server for the topic: "
                        + topic
                        + "; create the topic, or send to it once where "
                          "topics are created on first use");
  if (auto order = get(std::string{order_namespace}, topic))
    result.order_topic_conf = *order;
  return result;
}

cluster_table name_server_state::clusters() const {
  cluster_table result;
  result.brokers = brokers_;
  for (const auto& [cluster, names] : clusters_)
    result.clusters[cluster] = {names.begin(), names.end()};
  return result;
}

caf::expected<broker_data>
name_server_state::broker(const std::string& name) const {
  auto found = brokers_.find(name);
  if (found == brokers_.end())
    return make_error(errc::broker_not_found,
                      "broker[" + name + "] is not registered");
  return found->second;
}

std::int32_t name_server_state::change_write_perm(const std::string& broker,
                                                  bool writable) {
  std::int32_t count = 0;
  for (auto& [topic, queues] : topics_)
    if (auto found = queues.find(broker); found != queues.end()) {
      auto& perm = found->second.perm;
      perm = writable ? permission::read_write : perm & ~permission::write;
      ++count;
    }
  return count;
}

routed_topics name_server_state::topics(const list_routed_topics& wish) const {
  routed_topics result;
  auto of_cluster = [&](const std::string& broker) {
    auto found = brokers_.find(broker);
    return found != brokers_.end() && found->second.cluster == wish.cluster;
  };
  auto fits = [&](const queue_data& x) {
    auto unit = (x.topic_sys_flag & flag_unit) != 0;
    auto subscription = (x.topic_sys_flag & flag_unit_subscription) != 0;
    switch (wish.selection) {
      case topic_selection::all:
        return true;
      case topic_selection::of_cluster:
        return of_cluster(x.broker_name);
      case topic_selection::unit:
        return unit;
      case topic_selection::unit_subscription:
        return subscription;
      case topic_selection::unit_subscription_only:
        return subscription && !unit;
      case topic_selection::system:
        return false;
    }
    return false;
  };
  if (wish.selection == topic_selection::system) {
    for (const auto& [cluster, names] : clusters_) {
      result.topics.push_back(cluster);
      result.topics.insert(result.topics.end(), names.begin(), names.end());
    }
    if (!brokers_.empty() && !brokers_.begin()->second.addresses.empty())
      result.broker_address =
        brokers_.begin()->second.addresses.begin()->second;
    return result;
  }
  for (const auto& [topic, queues] : topics_)
    if (std::ranges::any_of(queues,
                            [&](const auto& x) { return fits(x.second); }))
      result.topics.push_back(topic);
  return result;
}

void name_server_state::delete_route(const std::string& topic,
                                     const std::string& cluster) {
  auto found = topics_.find(topic);
  if (found == topics_.end())
    return;
  std::erase_if(found->second, [&](const auto& x) {
    auto broker = brokers_.find(x.first);
    return cluster.empty()
           || (broker != brokers_.end() && broker->second.cluster == cluster);
  });
  if (found->second.empty())
    topics_.erase(found);
}

void name_server_state::put_route(const struct put_route& wish) {
  for (const auto& queues : wish.queues)
    if (brokers_.contains(queues.broker_name))
      topics_[wish.topic][queues.broker_name] = queues;
}

void name_server_state::put(const std::string& ns, const std::string& key,
                            std::string value) {
  settings_[ns][key] = std::move(value);
}

void name_server_state::remove(const std::string& ns, const std::string& key) {
  auto found = settings_.find(ns);
  if (found == settings_.end())
    return;
  found->second.erase(key);
  if (found->second.empty())
    settings_.erase(found);
}

caf::expected<std::string>
name_server_state::get(const std::string& ns, const std::string& key) const {
  if (auto found = settings_.find(ns); found != settings_.end())
    if (auto value = found->second.find(key); value != found->second.end())
      return value->second;
  return make_error(errc::config_not_found,
                    "No config item, Namespace: " + ns + " Key: " + key);
}

caf::expected<std::map<std::string, std::string>>
name_server_state::list(const std::string& ns) const {
  auto found = settings_.find(ns);
  if (found == settings_.end())
    return make_error(errc::config_not_found,
                      "No config item, Namespace: " + ns);
  return found->second;
}

std::size_t name_server_state::settings() const {
  std::size_t count = 0;
  for (const auto& [ns, values] : settings_)
    count += values.size();
  return count;
}

} // namespace troupe
