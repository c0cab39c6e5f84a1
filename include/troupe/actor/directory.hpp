/// Names to actors: topics, consumer groups, producer groups. Creates them on
/// first use, keeps their settings durable, announces topics to name servers.
/// Spawned by supervisor. Sends to topic, consumer_group, producer,
/// state_store, name_server, registrar, gateway. Never blocks.
#pragma once

#include "troupe/actor/consumer_group.hpp"
#include "troupe/actor/producer.hpp"
#include "troupe/actor/topic.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// How to make a topic that does not exist, from a send.
/// Source: RocketMQ 5.3 TopicConfigManager.createTopicInSendMessageMethod.
struct topic_template {
  std::string default_topic; ///< must exist and have the inherit bit
  std::int32_t queues = 4;   ///< wanted; bounded by the default topic's
  std::int32_t sys_flag = 0;
};

/// The actor of a topic. Retry and dead-letter topics are made with one queue
/// when `make_group_topic`; others from `make_from` when that is given.
/// Durable before it is answered, and known to name servers elsewhere
/// (see announced) if it was made for this.
struct find_topic {
  std::string topic;
  std::optional<topic_template> make_from;
  bool make_group_topic = false;
};

/// Creates or changes a topic (UPDATE_AND_CREATE_TOPIC). Name servers elsewhere
/// know it before it is answered.
struct update_topic {
  topic_config config;
};

/// The same with several: all of them or, when one is refused, none.
struct update_topics {
  std::vector<topic_config> configs;
};

struct delete_topic {
  std::string topic;
};

struct list_topics {};

struct topic_list {
  data_version version;
  std::vector<topic_config> topics; ///< by name
};

/// A topic was created, changed or deleted: caches forget it.
struct topic_changed {
  std::string topic;
};

/// Whoever caches topic views: gateways.
using topic_watcher = caf::typed_actor<caf::reacts_to<topic_changed>>;

struct watch_topics {
  topic_watcher watcher;
};

/// The actor of a consumer group; made with default settings when it does not
/// exist and groups are made on first use (always for system groups).
struct find_group {
  std::string group;
  bool make = true;
};

struct group_found {
  consumer_group_actor group;
};

/// Creates or changes a group (UPDATE_AND_CREATE_SUBSCRIPTIONGROUP).
struct update_group {
  group_config config;
};

struct delete_group {
  std::string group;
  bool clean_offsets = true;
};

struct list_groups {};

struct group_list {
  data_version version;
  std::vector<group_config> groups; ///< by name
};

/// The actor of a producer group; made when it does not exist and `make`.
struct find_producer {
  std::string group;
  bool make = true;
};

struct producer_found {
  producer_actor producer;
};

struct list_producers {};

struct producer_list {
  std::vector<std::string> groups;       ///< by name
  std::vector<producer_actor> producers; ///< of the same order
};

/// Done, durably.
struct directory_changed {};

/// The actors of names that are in use now, for people.
struct list_live {};

struct live_actor {
  std::string name;
  caf::strong_actor_ptr actor;
  std::int64_t restarts = 0; ///< how often it died since start
};

struct live_actors {
  std::vector<live_actor> topics; ///< each by name
  std::vector<live_actor> groups;
  std::vector<live_actor> producers;
};

/// The log begins at `min` now.
struct trim_all {
  log_offset min;
};

/// Announces the topics to the name servers. The directory's own timer.
struct register_tick {};

/// Topics have changed: name servers elsewhere are told, once for all changes
/// until this arrives. From the directory itself.
struct announce_tick {};

using directory_actor = caf::typed_actor<
  // Errors: topic_not_found, invalid_argument, state_write_failed, busy.
  caf::replies_to<find_topic>::with<topic_view>,
  caf::replies_to<update_topic>::with<directory_changed>,
  caf::replies_to<update_topics>::with<directory_changed>,
  caf::replies_to<delete_topic>::with<directory_changed>,
  caf::replies_to<list_topics>::with<topic_list>, caf::reacts_to<watch_topics>,
  // Errors: group_not_found, invalid_argument, state_write_failed, busy.
  caf::replies_to<find_group>::with<group_found>,
  caf::replies_to<update_group>::with<directory_changed>,
  caf::replies_to<delete_group>::with<directory_changed>,
  caf::replies_to<list_groups>::with<group_list>,
  caf::replies_to<find_producer>::with<producer_found>,
  caf::replies_to<list_producers>::with<producer_list>,
  caf::replies_to<list_live>::with<live_actors>,
  caf::replies_to<write_all_rows>::with<rows_written>, caf::reacts_to<trim_all>,
  // Asks every group and joins the answers: for the end of the node.
  caf::replies_to<flush_offsets>::with<offsets_flushed>,
  caf::reacts_to<register_tick>, caf::reacts_to<announce_tick>>;

} // namespace troupe
