/// JSON bodies around topics, routes, brokers and settings.
/// Source: RocketMQ 5.3 protocol.body, protocol.route; sheet remoting 4.2.
#pragma once

#include "remoting/bodies/group_bodies.hpp"

#include "troupe/actor/name_server.hpp"
#include "troupe/model/route.hpp"

namespace troupe::remoting {

/// TopicRouteData, with quoted keys: every client reads that form.
std::string encode_route(const topic_route& route);

/// The queue data of a TopicRouteData (REGISTER_TOPIC_IN_NAMESRV).
/// @errors malformed_request
caf::expected<std::vector<queue_data>>
decode_route_queues(std::string_view body);

/// ClusterInfo.
std::string encode_cluster(const cluster_table& table);

/// BrokerMemberGroup in its wrapper.
std::string encode_broker_group(const broker_data& broker);

/// RegisterBrokerBody: fills version and topics. `version` of the sender
/// decides the form of a compressed body.
/// @errors malformed_request
caf::error decode_registration(std::string_view body, bool compressed,
                               std::int32_t sender_version,
                               broker_registration& says);

/// RegisterBrokerBody of our own broker, not compressed.
std::string encode_registration(const broker_registration& says);

/// DataVersion.
std::string encode_data_version(const data_version& version);
caf::expected<data_version> decode_data_version(std::string_view body);

/// TopicConfig.
std::string encode_topic_config(const topic_config& topic);

/// TopicConfigSerializeWrapper.
std::string encode_topic_table(const data_version& version,
                               std::span<const topic_config> topics);

/// Its topics, also from config/topics.json.
/// @errors malformed_request
caf::expected<std::vector<topic_config>>
decode_topic_table(std::string_view text);

/// CreateTopicListRequestBody.
/// @errors malformed_request
caf::expected<std::vector<topic_config>>
decode_topic_configs(std::string_view body);

/// One queue of TopicStatsTable.
struct topic_stats_row {
  named_queue queue;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::int64_t last_update = 0;
};

std::string encode_topic_stats(std::span<const topic_stats_row> rows);

/// TopicList.
std::string encode_topic_list(std::span<const std::string> topics,
                              std::string_view broker_address = {});

/// KVTable.
std::string
encode_kv_table(std::span<const std::pair<std::string, std::string>> rows);

/// `key=value` lines.
std::string
encode_properties(std::span<const std::pair<std::string, std::string>> rows);

} // namespace troupe::remoting
