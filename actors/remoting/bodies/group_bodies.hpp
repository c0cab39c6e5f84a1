/// JSON bodies around consumer groups: heartbeats, settings, members, locks,
/// progress. Source: RocketMQ 5.3 protocol.body, protocol.heartbeat; sheet
/// remoting 4.2.
#pragma once

#include "troupe/model/group_config.hpp"
#include "troupe/model/membership.hpp"
#include "troupe/model/queue_key.hpp"
#include "troupe/model/topic_config.hpp"

#include <caf/expected.hpp>

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::remoting {

/// HeartbeatData. A subscription whose expression does not parse matches
/// nothing of its topic until the client sends a better one.
/// @errors malformed_request
caf::expected<heartbeat> decode_heartbeat(std::string_view body);

/// SubscriptionData, as in heartbeats and CheckClientRequestBody.
/// @errors malformed_request, bad_expression
caf::expected<subscription> decode_subscription_check(std::string_view body);

/// SubscriptionGroupConfig.
/// @errors malformed_request
caf::expected<group_config> decode_group_config(std::string_view body);

/// SubscriptionGroupList (UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST).
caf::expected<std::vector<group_config>>
decode_group_configs(std::string_view body);

std::string encode_group_config(const group_config& group);

/// SubscriptionGroupWrapper.
std::string encode_group_table(const data_version& version,
                               std::span<const group_config> groups);

/// Its groups, also from config/subscriptionGroup.json.
/// @errors malformed_request
caf::expected<std::vector<group_config>>
decode_group_table(std::string_view text);

/// GetConsumerListByGroupResponseBody.
std::string encode_member_ids(std::span<const member> members);

/// ConsumerConnection.
std::string
encode_consumer_connection(std::span<const member> members, consume_type type,
                           message_model model, consume_from from,
                           std::span<const subscription_ptr> subscriptions);

/// ProducerConnection.
std::string encode_producer_connection(std::span<const member> members);

/// ProducerTableInfo: sessions by producer group.
std::string
encode_producer_table(const std::map<std::string, std::vector<member>>& groups);

/// A queue as the client names it; the broker name is given back as it came.
struct named_queue {
  std::string broker;
  queue_key queue;
};

/// LockBatchRequestBody and UnlockBatchRequestBody.
struct lock_request {
  std::string group;
  std::string client_id;
  std::vector<named_queue> queues;
};

/// @errors malformed_request
caf::expected<lock_request> decode_lock_request(std::string_view body);

/// LockBatchResponseBody.
std::string encode_locked(std::span<const named_queue> queues);

/// One queue of ConsumeStats.
struct consume_stats_row {
  named_queue queue;
  std::int64_t broker_offset = 0;
  std::int64_t consumer_offset = 0;
  std::int64_t last_time = 0;   ///< store time of the last consumed message
  std::int64_t pull_offset = 0; ///< everything before was handed out
};

/// ConsumeStats.
std::string encode_consume_stats(std::span<const consume_stats_row> rows,
                                 double consume_tps);

/// ResetOffsetBody: for C++ clients as a list, else by object keys.
enum class reset_form : std::uint8_t {
  object_keys,
  list
};

struct queue_place {
  named_queue queue;
  std::int64_t offset = 0;
};

std::string encode_reset(std::span<const queue_place> rows, reset_form form);

/// ConsumerOffsetSerializeWrapper: `topic@group` -> queue id -> offset.
std::string encode_offset_table(
  const std::map<std::string, std::map<std::int32_t, std::int64_t>>& table);

/// The same read, also from config/consumerOffset.json.
/// @errors malformed_request
caf::expected<std::map<std::string, std::map<std::int32_t, std::int64_t>>>
decode_offset_table(std::string_view text);

/// config/delayOffset.json: delay level -> next offset.
/// @errors malformed_request
caf::expected<std::map<std::int32_t, std::int64_t>>
decode_delay_table(std::string_view text);

std::string
encode_delay_table(const std::map<std::int32_t, std::int64_t>& table);

/// `{"offsetTable"...}` key of one queue: fastjson's form of a MessageQueue.
std::string queue_object(const named_queue& queue);

/// GroupList, TopicList.
std::string encode_groups(std::span<const std::string> groups);

/// SubscriptionData.
std::string encode_subscription(const subscription& x);

/// QuerySubscriptionResponseBody; null: not subscribed.
std::string encode_subscription_answer(std::string_view group,
                                       std::string_view topic,
                                       const subscription* found);

} // namespace troupe::remoting
