#include "remoting/bodies/group_bodies.hpp"

#include "remoting/command_view.hpp"
#include "remoting/json_text.hpp"
#include "remoting/json_value.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <array>
#include <charconv>

namespace troupe::remoting {

namespace {

constexpr std::array<const char*, 3> consume_type_names{
  "CONSUME_ACTIVELY", "CONSUME_PASSIVELY", "CONSUME_POP"};
constexpr std::array<const char*, 2> message_model_names{"BROADCASTING",
                                                         "CLUSTERING"};
constexpr std::array<const char*, 3> consume_from_names{
  "CONSUME_FROM_LAST_OFFSET", "CONSUME_FROM_FIRST_OFFSET",
  "CONSUME_FROM_TIMESTAMP"};

/// The place of a name in a list; `absent` for unknown names, as the deprecated
/// ones of consumeFromWhere that mean the same as the first.
template <class Enum, class Names>
Enum enum_of(const json_node& object, const char* name, const Names& names,
             Enum absent) {
  auto text = text_of(object, name);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (text == names[i])
      return static_cast<Enum>(i);
  return absent;
}

template <class Enum, class Names>
const char* name_of(Enum value, const Names& names) {
  return names[static_cast<std::size_t>(value)];
}

caf::expected<subscription> decode_subscription(const json_node& x) {
  subscription result;
  result.topic = text_of(x, "topic");
  result.expression = text_of(x, "subString", "*");
  result.version = int64_of(x, "subVersion");
  auto type = text_of(x, "expressionType", "TAG");
  result.type = type == "TAG" || type.empty() ? expression_type::tag
                                              : expression_type::sql92;
  if (result.type == expression_type::sql92)
    return result;
  auto filter = tag_filter::compile(result.expression);
  if (!filter)
    return std::move(filter.error());
  result.filter = std::move(*filter);
  return result;
}

json_text& append_subscription(json_text& out, const subscription& x) {
  out.begin_object()
    .field("classFilterMode", false)
    .key("codeSet")
    .begin_list();
  for (const auto& tag : x.filter.tags())
    out.number(java_hash(tag));
  out.end_list()
    .field("expressionType", x.type == expression_type::tag ? "TAG" : "SQL92")
    .field("subString", x.expression)
    .field("subVersion", x.version)
    .key("tagsSet")
    .begin_list();
  for (const auto& tag : x.filter.tags())
    out.string(tag);
  return out.end_list().field("topic", x.topic).end_object();
}

/// What an empty group_config::retry_policy stands for.
constexpr std::string_view usual_retry_policy = R"({"type":"CUSTOMIZED"})";

group_config group_config_of(const json_node& x) {
  group_config result;
  result.name = text_of(x, "groupName");
  result.consume_enable = boolean_of(x, "consumeEnable", true);
  result.consume_from_min_enable = boolean_of(x, "consumeFromMinEnable", true);
  result.consume_broadcast_enable =
    boolean_of(x, "consumeBroadcastEnable", true);
  result.consume_message_orderly = boolean_of(x, "consumeMessageOrderly");
  result.retry_queues = int32_of(x, "retryQueueNums", 1);
  result.retry_max_times =
    int32_of(x, "retryMaxTimes", limits::retry_max_times);
  result.broker_id = int64_of(x, "brokerId");
  result.broker_id_when_slow = int64_of(x, "whichBrokerWhenConsumeSlowly", 1);
  result.notify_ids_changed =
    boolean_of(x, "notifyConsumerIdsChangedEnable", true);
  result.sys_flag = int32_of(x, "groupSysFlag");
  result.consume_timeout_minutes = int32_of(x, "consumeTimeoutMinute", 15);
  result.attributes = texts_of(x, "attributes");
  if (const auto* policy = member_of(x, "groupRetryPolicy")) {
    rapidjson::StringBuffer text;
    rapidjson::Writer writer{text};
    policy->Accept(writer);
    std::string_view json{text.GetString(), text.GetSize()};
    if (json != usual_retry_policy)
      result.retry_policy = json;
  }
  return result;
}

/// An object of numbers by numbers, `{0:12,1:7}`; others are passed over.
std::map<std::int32_t, std::int64_t> numbers_of(const json_node& object) {
  std::map<std::int32_t, std::int64_t> result;
  for (const auto& x : object.GetObject()) {
    std::string_view name{x.name.GetString(), x.name.GetStringLength()};
    std::int32_t key = 0;
    auto [end, code] =
      std::from_chars(name.data(), name.data() + name.size(), key);
    if (code == std::errc{} && end == name.data() + name.size()
        && x.value.IsInt64())
      result[key] = x.value.GetInt64();
  }
  return result;
}

void append_texts(json_text& out,
                  const std::map<std::string, std::string>& values) {
  out.begin_object();
  for (const auto& [name, value] : values)
    out.field(name, value);
  out.end_object();
}

void append_group_config(json_text& out, const group_config& x) {
  out.begin_object().key("attributes");
  append_texts(out, x.attributes);
  out.field("brokerId", x.broker_id)
    .field("consumeBroadcastEnable", x.consume_broadcast_enable)
    .field("consumeEnable", x.consume_enable)
    .field("consumeFromMinEnable", x.consume_from_min_enable)
    .field("consumeMessageOrderly", x.consume_message_orderly)
    .field("consumeTimeoutMinute", x.consume_timeout_minutes)
    .field("groupName", x.name)
    .key("groupRetryPolicy")
    .raw(x.retry_policy.empty() ? usual_retry_policy
                                : std::string_view{x.retry_policy})
    .field("groupSysFlag", x.sys_flag)
    .field("notifyConsumerIdsChangedEnable", x.notify_ids_changed)
    .field("retryMaxTimes", x.retry_max_times)
    .field("retryQueueNums", x.retry_queues)
    .field("whichBrokerWhenConsumeSlowly", x.broker_id_when_slow)
    .end_object();
}

void append_connections(json_text& out, std::span<const member> members) {
  out.key("connectionSet").begin_list();
  for (const auto& x : members)
    out.begin_object()
      .field("clientAddr", x.address)
      .field("clientId", x.client_id)
      .field("language", language_name(x.language))
      .field("version", x.version)
      .end_object();
  out.end_list();
}

} // namespace

caf::expected<heartbeat> decode_heartbeat(std::string_view body) {
  auto document = parse_json(body);
  if (!document)
    return std::move(document.error());
  heartbeat result;
  result.client_id = text_of(*document, "clientID");
  if (result.client_id.empty())
    return make_error(errc::malformed_request, "the heartbeat has no clientID");
  result.fingerprint = int32_of(*document, "heartbeatFingerprint");
  result.without_subscriptions = boolean_of(*document, "withoutSub");
  if (const auto* producers = member_of(*document, "producerDataSet");
      producers != nullptr && producers->IsArray())
    for (const auto& x : producers->GetArray())
      if (auto group = text_of(x, "groupName"); !group.empty())
        result.producer_groups.push_back(std::move(group));
  const auto* consumers = member_of(*document, "consumerDataSet");
  if (consumers == nullptr || !consumers->IsArray())
    return result;
  for (const auto& x : consumers->GetArray()) {
    consumer_heartbeat consumer;
    consumer.group = text_of(x, "groupName");
    consumer.type =
      enum_of(x, "consumeType", consume_type_names, consume_type::passively);
    consumer.model = enum_of(x, "messageModel", message_model_names,
                             message_model::clustering);
    consumer.from = enum_of(x, "consumeFromWhere", consume_from_names,
                            consume_from::last_offset);
    consumer.unit_mode = boolean_of(x, "unitMode");
    const auto* subscriptions = member_of(x, "subscriptionDataSet");
    if (subscriptions != nullptr && subscriptions->IsArray())
      for (const auto& s : subscriptions->GetArray())
        if (auto decoded = decode_subscription(s))
          consumer.subscriptions.push_back(std::move(*decoded));
    if (!consumer.group.empty())
      result.consumers.push_back(std::move(consumer));
  }
  return result;
}

caf::expected<subscription> decode_subscription_check(std::string_view body) {
  auto document = parse_json(body);
  if (!document)
    return std::move(document.error());
  const auto* x = member_of(*document, "subscriptionData");
  if (x == nullptr)
    return make_error(errc::malformed_request, "subscriptionData is missing");
  return decode_subscription(*x);
}

caf::expected<std::vector<group_config>>
decode_group_table(std::string_view text) {
  auto document = parse_json(with_quoted_keys(text));
  if (!document)
    return std::move(document.error());
  std::vector<group_config> result;
  if (const auto* table = member_of(*document, "subscriptionGroupTable");
      table != nullptr && table->IsObject())
    for (const auto& x : table->GetObject()) {
      result.push_back(group_config_of(x.value));
      if (result.back().name.empty())
        result.back().name = x.name.GetString();
    }
  return result;
}

caf::expected<group_config> decode_group_config(std::string_view body) {
  auto document = parse_json(body);
  if (!document)
    return std::move(document.error());
  return group_config_of(*document);
}

caf::expected<std::vector<group_config>>
decode_group_configs(std::string_view body) {
  auto document = parse_json(body);
  if (!document)
    return std::move(document.error());
  std::vector<group_config> result;
  if (const auto* list = member_of(*document, "groupConfigList");
      list != nullptr && list->IsArray())
    for (const auto& x : list->GetArray())
      result.push_back(group_config_of(x));
  return result;
}

std::string encode_group_config(const group_config& group) {
  json_text out;
  append_group_config(out, group);
  return out.take();
}

std::string encode_group_table(const data_version& version,
                               std::span<const group_config> groups) {
  json_text out;
  out.begin_object()
    .key("dataVersion")
    .begin_object()
    .field("counter", version.counter)
    .field("stateVersion", version.state_version)
    .field("timestamp", version.timestamp)
    .end_object()
    .key("forbiddenTable")
    .begin_object()
    .end_object()
    .key("subscriptionGroupTable")
    .begin_object();
  for (const auto& x : groups) {
    out.key(x.name);
    append_group_config(out, x);
  }
  return out.end_object().end_object().take();
}

std::string encode_member_ids(std::span<const member> members) {
  json_text out;
  out.begin_object().key("consumerIdList").begin_list();
  for (const auto& x : members)
    out.string(x.client_id);
  return out.end_list().end_object().take();
}

std::string
encode_consumer_connection(std::span<const member> members, consume_type type,
                           message_model model, consume_from from,
                           std::span<const subscription_ptr> subscriptions) {
  json_text out;
  out.begin_object();
  append_connections(out, members);
  out.field("consumeFromWhere", name_of(from, consume_from_names))
    .field("consumeType", name_of(type, consume_type_names))
    .field("messageModel", name_of(model, message_model_names))
    .key("subscriptionTable")
    .begin_object();
  for (const auto& x : subscriptions)
    append_subscription(out.key(x->topic), *x);
  return out.end_object().end_object().take();
}

std::string encode_producer_connection(std::span<const member> members) {
  json_text out;
  out.begin_object();
  append_connections(out, members);
  return out.end_object().take();
}

std::string encode_producer_table(
  const std::map<std::string, std::vector<member>>& groups) {
  json_text out;
  out.begin_object().key("data").begin_object();
  for (const auto& [group, members] : groups) {
    out.key(group).begin_list();
    for (const auto& x : members)
      out.begin_object()
        .field("clientId", x.client_id)
        .field("language", language_name(x.language))
        .field("lastUpdateTimestamp", x.last_seen.value)
        .field("remoteIP", x.address)
        .field("version", x.version)
        .end_object();
    out.end_list();
  }
  return out.end_object().end_object().take();
}

caf::expected<lock_request> decode_lock_request(std::string_view body) {
  auto document = parse_json(body);
  if (!document)
    return std::move(document.error());
  lock_request result;
  result.group = text_of(*document, "consumerGroup");
  result.client_id = text_of(*document, "clientId");
  if (const auto* queues = member_of(*document, "mqSet");
      queues != nullptr && queues->IsArray())
    for (const auto& x : queues->GetArray())
      result.queues.push_back(
        {text_of(x, "brokerName"),
         {text_of(x, "topic"), {int32_of(x, "queueId")}}});
  return result;
}

std::string queue_object(const named_queue& queue) {
  json_text out;
  return out.begin_object()
    .field("brokerName", queue.broker)
    .field("queueId", queue.queue.queue.value)
    .field("topic", queue.queue.topic)
    .end_object()
    .take();
}

std::string encode_locked(std::span<const named_queue> queues) {
  json_text out;
  out.begin_object().key("lockOKMQSet").begin_list();
  for (const auto& x : queues)
    out.raw(queue_object(x));
  return out.end_list().end_object().take();
}

std::string encode_consume_stats(std::span<const consume_stats_row> rows,
                                 double consume_tps) {
  json_text out;
  out.begin_object().key("consumeTps").real(consume_tps).key("offsetTable");
  out.begin_object();
  for (const auto& x : rows)
    out.raw_key(queue_object(x.queue))
      .begin_object()
      .field("brokerOffset", x.broker_offset)
      .field("consumerOffset", x.consumer_offset)
      .field("lastTimestamp", x.last_time)
      .field("pullOffset", x.pull_offset)
      .end_object();
  return out.end_object().end_object().take();
}

std::string encode_reset(std::span<const queue_place> rows, reset_form form) {
  json_text out;
  out.begin_object().key("offsetTable");
  if (form == reset_form::list) {
    out.begin_list();
    for (const auto& x : rows)
      out.begin_object()
        .field("brokerName", x.queue.broker)
        .field("offset", x.offset)
        .field("queueId", x.queue.queue.queue.value)
        .field("topic", x.queue.queue.topic)
        .end_object();
    return out.end_list().end_object().take();
  }
  out.begin_object();
  for (const auto& x : rows)
    out.raw_key(queue_object(x.queue)).number(x.offset);
  return out.end_object().end_object().take();
}

std::string encode_offset_table(
  const std::map<std::string, std::map<std::int32_t, std::int64_t>>& table) {
  json_text out;
  out.begin_object().key("offsetTable").begin_object();
  for (const auto& [name, queues] : table) {
    out.key(name).begin_object();
    for (const auto& [queue, offset] : queues)
      out.raw_key(std::to_string(queue)).number(offset);
    out.end_object();
  }
  return out.end_object().end_object().take();
}

caf::expected<std::map<std::string, std::map<std::int32_t, std::int64_t>>>
decode_offset_table(std::string_view text) {
  auto document = parse_json(with_quoted_keys(text));
  if (!document)
    return std::move(document.error());
  std::map<std::string, std::map<std::int32_t, std::int64_t>> result;
  if (const auto* table = member_of(*document, "offsetTable");
      table != nullptr && table->IsObject())
    for (const auto& queues : table->GetObject())
      if (queues.value.IsObject())
        result[queues.name.GetString()] = numbers_of(queues.value);
  return result;
}

caf::expected<std::map<std::int32_t, std::int64_t>>
decode_delay_table(std::string_view text) {
  auto document = parse_json(with_quoted_keys(text));
  if (!document)
    return std::move(document.error());
  const auto* table = member_of(*document, "offsetTable");
  if (table == nullptr || !table->IsObject())
    return std::map<std::int32_t, std::int64_t>{};
  return numbers_of(*table);
}

std::string
encode_delay_table(const std::map<std::int32_t, std::int64_t>& table) {
  json_text out;
  out.begin_object().key("offsetTable").begin_object();
  for (const auto& [level, offset] : table)
    out.raw_key(std::to_string(level)).number(offset);
  return out.end_object().end_object().take();
}

std::string encode_groups(std::span<const std::string> groups) {
  json_text out;
  out.begin_object().key("groupList").begin_list();
  for (const auto& x : groups)
    out.string(x);
  return out.end_list().end_object().take();
}

std::string encode_subscription(const subscription& x) {
  json_text out;
  return append_subscription(out, x).take();
}

std::string encode_subscription_answer(std::string_view group,
                                       std::string_view topic,
                                       const subscription* found) {
  json_text out;
  out.begin_object().field("group", group);
  if (found != nullptr)
    append_subscription(out.key("subscriptionData"), *found);
  return out.field("topic", topic).end_object().take();
}

} // namespace troupe::remoting
