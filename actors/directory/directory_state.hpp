/// The tables of names and settings, and the rules by which names come to be.
/// No messages, no clock.
/// Source: RocketMQ 5.3 TopicConfigManager, SubscriptionGroupManager; sheets
/// remoting 5.8, semantics 3.
#pragma once

#include "directory/directory.hpp"

#include <caf/expected.hpp>

#include <map>
#include <span>
#include <string>

namespace troupe {

class directory_state {
public:
  explicit directory_state(const directory_options& options);

  // -- topics -----------------------------------------------------------------

  /// The settings of a topic; null when there is none.
  const topic_config* find_topic(std::string_view name) const;

  /// The settings that a topic gets on first use.
  /// @errors topic_not_found, invalid_argument, busy
  caf::expected<topic_config> plan_topic(const struct find_topic& wish) const;

  /// Whether an administrator may set these, all of them.
  /// @errors invalid_argument, busy
  caf::error check_update(std::span<const topic_config> configs) const;

  /// @errors invalid_argument, topic_not_found
  caf::error check_delete(std::string_view name) const;

  void put_topic(topic_config config, epoch_ms now);
  void remove_topic(std::string_view name, epoch_ms now);

  /// The retry topics of what groups have popped of `topic`; they go with it.
  std::vector<std::string> pop_retry_topics(std::string_view topic) const;

  const std::map<std::string, topic_config, std::less<>>& topics() const {
    return topics_;
  }

  const data_version& topics_version() const { return topics_version_; }

  // -- groups -----------------------------------------------------------------

  const group_config* find_group(std::string_view name) const;

  /// The settings that a group gets on first use.
  /// @errors group_not_found, invalid_argument, busy
  caf::expected<group_config> plan_group(const struct find_group& wish) const;

  /// @errors invalid_argument, busy
  caf::error check_update(const group_config& config) const;

  void put_group(group_config config, epoch_ms now);
  void remove_group(std::string_view name, epoch_ms now);

  const std::map<std::string, group_config, std::less<>>& groups() const {
    return groups_;
  }

  const data_version& groups_version() const { return groups_version_; }

  /// What the node tells name servers.
  broker_registration registration() const;

  /// What it tells its own when one topic was changed or deleted: the cost of
  /// a topic does not grow with how many there are.
  register_broker registration_of(const std::string& topic) const;

private:
  void add_system_topics();
  broker_registration registration_head() const;
  topic_config as_registered(topic_config topic) const;

  const directory_options& options_;
  std::map<std::string, topic_config, std::less<>> topics_;
  data_version topics_version_;
  std::map<std::string, group_config, std::less<>> groups_;
  data_version groups_version_;
};

} // namespace troupe
