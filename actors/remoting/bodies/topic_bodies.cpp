#include "remoting/bodies/topic_bodies.hpp"

#include "remoting/frame.hpp"
#include "remoting/json_text.hpp"
#include "remoting/json_value.hpp"
#include "remoting/zlib_text.hpp"

#include <charconv>

namespace troupe::remoting {

namespace {

void append_version(json_text& out, const data_version& x) {
  out.begin_object()
    .field("counter", x.counter)
    .field("stateVersion", x.state_version)
    .field("timestamp", x.timestamp)
    .end_object();
}

data_version version_of(const json_node& x) {
  return {int64_of(x, "stateVersion"), int64_of(x, "timestamp"),
          int64_of(x, "counter")};
}

/// Broker ids as quoted keys, or bare as ClusterInfo has them.
enum class id_keys : std::uint8_t {
  quoted,
  bare
};

void append_broker(json_text& out, const broker_data& x, id_keys keys) {
  out.begin_object().key("brokerAddrs").begin_object();
  for (const auto& [id, address] : x.addresses) {
    auto text = std::to_string(id);
    (keys == id_keys::quoted ? out.key(text) : out.raw_key(text))
      .string(address);
  }
  out.end_object()
    .field("brokerName", x.name)
    .field("cluster", x.cluster)
    .field("enableActingMaster", x.acting_master)
    .end_object();
}

void append_topic(json_text& out, const topic_config& x) {
  out.begin_object().key("attributes").begin_object();
  for (const auto& [name, value] : x.attributes)
    out.field(name, value);
  out.end_object()
    .field("order", x.order)
    .field("perm", x.perm)
    .field("readQueueNums", x.read_queues)
    .field("topicFilterType", x.filter_type == topic_filter_type::single_tag
                                ? "SINGLE_TAG"
                                : "MULTI_TAG")
    .field("topicName", x.name)
    .field("topicSysFlag", x.sys_flag)
    .field("writeQueueNums", x.write_queues)
    .end_object();
}

topic_config topic_of(const json_node& x, std::string_view name) {
  topic_config result;
  result.name = text_of(x, "topicName", name);
  result.read_queues = int32_of(x, "readQueueNums", 16);
  result.write_queues = int32_of(x, "writeQueueNums", 16);
  result.perm = int32_of(x, "perm", permission::read_write);
  result.sys_flag = int32_of(x, "topicSysFlag");
  result.order = boolean_of(x, "order");
  result.filter_type = text_of(x, "topicFilterType") == "MULTI_TAG"
                         ? topic_filter_type::multi_tag
                         : topic_filter_type::single_tag;
  result.attributes = texts_of(x, "attributes");
  return result;
}

void append_topic_table(json_text& out, const data_version& version,
                        std::span<const topic_config> topics) {
  out.begin_object().key("dataVersion");
  append_version(out, version);
  out.key("mappingDataVersion");
  append_version(out, {});
  out.key("topicConfigTable").begin_object();
  for (const auto& x : topics) {
    out.key(x.name);
    append_topic(out, x);
  }
  out.end_object()
    .key("topicQueueMappingDetailMap")
    .begin_object()
    .end_object()
    .key("topicQueueMappingInfoMap")
    .begin_object()
    .end_object()
    .end_object();
}

/// `name readQueues writeQueues perm FILTERTYPE [{attributes}]`
caf::expected<topic_config> topic_of_line(std::string_view line) {
  auto word = [&line] {
    auto blank = line.find(' ');
    auto result = line.substr(0, blank);
    line = blank == line.npos ? std::string_view{} : line.substr(blank + 1);
    return result;
  };
  auto number = [&](std::int32_t& value) {
    auto text = word();
    auto [end, code] =
      std::from_chars(text.data(), text.data() + text.size(), value);
    return code == std::errc{};
  };
  topic_config result;
  result.name = word();
  if (!number(result.read_queues) || !number(result.write_queues)
      || !number(result.perm))
    return make_error(errc::malformed_request,
                      "a topic of the registration does not parse");
  if (word() == "MULTI_TAG")
    result.filter_type = topic_filter_type::multi_tag;
  if (!line.empty())
    if (auto attributes = parse_json(line))
      for (const auto& x : attributes->GetObject())
        if (x.value.IsString())
          result.attributes.emplace(x.name.GetString(), x.value.GetString());
  return result;
}

/// The inflated form of a registration: see sheet remoting 3.15.
caf::error decode_compact(std::string_view bytes, broker_registration& says) {
  auto short_body = [] {
    return make_error(errc::malformed_request,
                      "the registration ends too early");
  };
  auto text = [&bytes]() -> std::optional<std::string_view> {
    if (bytes.size() < 4)
      return {};
    std::size_t size = read_u32(bytes.data());
    if (bytes.size() - 4 < size)
      return {};
    auto result = bytes.substr(4, size);
    bytes.remove_prefix(4 + size);
    return result;
  };
  auto version = text();
  if (!version || bytes.size() < 4)
    return short_body();
  auto decoded = decode_data_version(*version);
  if (!decoded)
    return std::move(decoded.error());
  says.version = *decoded;
  auto topics = read_u32(bytes.data());
  bytes.remove_prefix(4);
  for (std::uint32_t i = 0; i < topics; ++i) {
    auto line = text();
    if (!line)
      return short_body();
    auto topic = topic_of_line(*line);
    if (!topic)
      return std::move(topic.error());
    says.topics.push_back(std::move(*topic));
  }
  return caf::none; // filter servers and queue mappings are not ours
}

} // namespace

std::string encode_route(const topic_route& route) {
  json_text out;
  out.begin_object().key("brokerDatas").begin_list();
  for (const auto& x : route.brokers)
    append_broker(out, x, id_keys::quoted);
  out.end_list().key("filterServerTable").begin_object().end_object();
  if (!route.order_topic_conf.empty())
    out.field("orderTopicConf", route.order_topic_conf);
  out.key("queueDatas").begin_list();
  for (const auto& x : route.queues)
    out.begin_object()
      .field("brokerName", x.broker_name)
      .field("perm", x.perm)
      .field("readQueueNums", x.read_queues)
      .field("topicSysFlag", x.topic_sys_flag)
      .field("writeQueueNums", x.write_queues)
      .end_object();
  return out.end_list().end_object().take();
}

caf::expected<std::vector<queue_data>>
decode_route_queues(std::string_view body) {
  auto document = parse_json(with_quoted_keys(body));
  if (!document)
    return std::move(document.error());
  std::vector<queue_data> result;
  if (const auto* list = member_of(*document, "queueDatas");
      list != nullptr && list->IsArray())
    for (const auto& x : list->GetArray())
      result.push_back({text_of(x, "brokerName"), int32_of(x, "readQueueNums"),
                        int32_of(x, "writeQueueNums"), int32_of(x, "perm"),
                        int32_of(x, "topicSysFlag")});
  return result;
}

std::string encode_cluster(const cluster_table& table) {
  json_text out;
  out.begin_object().key("brokerAddrTable").begin_object();
  for (const auto& [name, broker] : table.brokers) {
    out.key(name);
    append_broker(out, broker, id_keys::bare);
  }
  out.end_object().key("clusterAddrTable").begin_object();
  for (const auto& [cluster, names] : table.clusters) {
    out.key(cluster).begin_list();
    for (const auto& name : names)
      out.string(name);
    out.end_list();
  }
  return out.end_object().end_object().take();
}

std::string encode_broker_group(const broker_data& broker) {
  json_text out;
  out.begin_object().key("brokerMemberGroup").begin_object();
  out.key("brokerAddrs").begin_object();
  for (const auto& [id, address] : broker.addresses)
    out.raw_key(std::to_string(id)).string(address);
  return out.end_object()
    .field("brokerName", broker.name)
    .field("cluster", broker.cluster)
    .end_object()
    .end_object()
    .take();
}

caf::error decode_registration(std::string_view body, bool compressed,
                               std::int32_t, broker_registration& says) {
  if (body.empty()) {
    says.version = {};
    return caf::none;
  }
  // A 5.x broker says "not compressed" even when it is.
  constexpr char zlib_first_byte = 0x78;
  if (compressed || body.front() == zlib_first_byte) {
    auto bytes = inflate(body);
    if (!bytes)
      return std::move(bytes.error());
    return decode_compact(*bytes, says);
  }
  auto document = parse_json(with_quoted_keys(body));
  if (!document)
    return std::move(document.error());
  const auto* wrapper = member_of(*document, "topicConfigSerializeWrapper");
  if (wrapper == nullptr)
    return make_error(errc::malformed_request,
                      "topicConfigSerializeWrapper is missing");
  if (const auto* version = member_of(*wrapper, "dataVersion"))
    says.version = version_of(*version);
  if (const auto* topics = member_of(*wrapper, "topicConfigTable");
      topics != nullptr && topics->IsObject())
    for (const auto& x : topics->GetObject())
      says.topics.push_back(topic_of(x.value, x.name.GetString()));
  return caf::none;
}

std::string encode_registration(const broker_registration& says) {
  json_text out;
  out.begin_object()
    .key("filterServerList")
    .begin_list()
    .end_list()
    .key("topicConfigSerializeWrapper");
  append_topic_table(out, says.version, says.topics);
  return out.end_object().take();
}

std::string encode_data_version(const data_version& version) {
  json_text out;
  append_version(out, version);
  return out.take();
}

caf::expected<data_version> decode_data_version(std::string_view body) {
  auto document = parse_json(body);
  if (!document)
    return std::move(document.error());
  return version_of(*document);
}

std::string encode_topic_config(const topic_config& topic) {
  json_text out;
  append_topic(out, topic);
  return out.take();
}

std::string encode_topic_table(const data_version& version,
                               std::span<const topic_config> topics) {
  json_text out;
  append_topic_table(out, version, topics);
  return out.take();
}

caf::expected<std::vector<topic_config>>
decode_topic_table(std::string_view text) {
  auto document = parse_json(with_quoted_keys(text));
  if (!document)
    return std::move(document.error());
  std::vector<topic_config> result;
  if (const auto* table = member_of(*document, "topicConfigTable");
      table != nullptr && table->IsObject())
    for (const auto& x : table->GetObject())
      result.push_back(topic_of(x.value, x.name.GetString()));
  return result;
}

caf::expected<std::vector<topic_config>>
decode_topic_configs(std::string_view body) {
  auto document = parse_json(body);
  if (!document)
    return std::move(document.error());
  std::vector<topic_config> result;
  if (const auto* list = member_of(*document, "topicConfigList");
      list != nullptr && list->IsArray())
    for (const auto& x : list->GetArray())
      result.push_back(topic_of(x, ""));
  return result;
}

std::string encode_topic_stats(std::span<const topic_stats_row> rows) {
  json_text out;
  out.begin_object().key("offsetTable").begin_object();
  for (const auto& x : rows)
    out.raw_key(queue_object(x.queue))
      .begin_object()
      .field("lastUpdateTimestamp", x.last_update)
      .field("maxOffset", x.max)
      .field("minOffset", x.min)
      .end_object();
  return out.end_object().end_object().take();
}

std::string encode_topic_list(std::span<const std::string> topics,
                              std::string_view broker_address) {
  json_text out;
  out.begin_object();
  if (!broker_address.empty())
    out.field("brokerAddr", broker_address);
  out.key("topicList").begin_list();
  for (const auto& x : topics)
    out.string(x);
  return out.end_list().end_object().take();
}

std::string
encode_kv_table(std::span<const std::pair<std::string, std::string>> rows) {
  json_text out;
  out.begin_object().key("table").begin_object();
  for (const auto& [key, value] : rows)
    out.field(key, value);
  return out.end_object().end_object().take();
}

std::string
encode_properties(std::span<const std::pair<std::string, std::string>> rows) {
  std::string text;
  for (const auto& [key, value] : rows)
    text.append(key).append("=").append(value).append("\n");
  return text;
}

} // namespace troupe::remoting
