#include "remoting/bodies/pop_bodies.hpp"

#include "remoting/json_text.hpp"
#include "remoting/json_value.hpp"

#include "troupe/model/names.hpp"

#include <array>

namespace troupe::remoting {

namespace {

/// The bytes of Base64 text; characters outside its alphabet end it.
std::string from_base64(std::string_view text) {
  static constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    auto value = alphabet.find(c);
    if (value == alphabet.npos)
      break;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xFF);
    }
  }
  return bytes;
}

/// Bit i of a BitSet, lowest first in each byte.
std::vector<std::int64_t> set_bits(std::string_view bytes) {
  std::vector<std::int64_t> result;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (int bit = 0; bit < 8; ++bit)
      if ((static_cast<unsigned char>(bytes[i]) >> bit & 1) != 0)
        result.push_back(static_cast<std::int64_t>(i) * 8 + bit);
  return result;
}

/// The topic that a lease is of: the normal one or a retry topic.
std::string topic_of(const json_node& x) {
  auto topic = text_of(x, "t");
  auto group = text_of(x, "c");
  auto source = text_of(x, "r", "0");
  if (source == "1")
    return names::pop_retry_topic_of(group, topic);
  if (source == "2")
    return names::pop_retry_topic_v2_of(group, topic);
  return topic;
}

} // namespace

caf::expected<std::vector<ack_popped>> decode_batch_ack(std::string_view body) {
  auto document = parse_json(body);
  if (!document)
    return std::move(document.error());
  std::vector<ack_popped> result;
  const auto* acks = member_of(*document, "acks");
  if (acks == nullptr || !acks->IsArray())
    return result;
  for (const auto& x : acks->GetArray()) {
    ack_popped ack;
    ack.lease = {{text_of(x, "c"), {topic_of(x), {int32_of(x, "q")}}},
                 {int64_of(x, "so")},
                 {int64_of(x, "pt")}};
    if (int32_of(x, "rq") == order_revive_queue)
      ack.order = pop_order::in_order;
    for (auto distance : set_bits(from_base64(text_of(x, "b"))))
      ack.offsets.push_back(ack.lease.start + distance);
    if (!ack.offsets.empty())
      result.push_back(std::move(ack));
  }
  return result;
}

caf::expected<assignment_query> decode_assignment_query(std::string_view body) {
  auto document = parse_json(body);
  if (!document)
    return std::move(document.error());
  assignment_query result;
  result.topic = text_of(*document, "topic");
  result.group = text_of(*document, "consumerGroup");
  result.client_id = text_of(*document, "clientId");
  result.strategy = text_of(*document, "strategyName");
  result.broadcasting = text_of(*document, "messageModel") == "BROADCASTING";
  return result;
}

std::string
encode_assignment(const std::optional<std::vector<named_queue>>& queues,
                  bool pop) {
  json_text out;
  out.begin_object();
  if (queues) {
    out.key("messageQueueAssignments").begin_list();
    for (const auto& x : *queues)
      out.begin_object()
        .key("messageQueue")
        .begin_object()
        .field("brokerName", x.broker)
        .field("queueId", x.queue.queue.value)
        .field("topic", x.queue.topic)
        .end_object()
        .field("mode", pop ? "POP" : "PULL")
        .end_object();
    out.end_list();
  }
  return out.end_object().take();
}

caf::expected<request_mode> decode_request_mode(std::string_view body) {
  auto document = parse_json(body);
  if (!document)
    return std::move(document.error());
  request_mode result;
  result.topic = text_of(*document, "topic");
  result.group = text_of(*document, "consumerGroup");
  auto mode = text_of(*document, "mode", "PULL");
  if (mode != "PULL" && mode != "POP")
    return make_error(errc::invalid_argument,
                      "mode[" + mode + "] is neither PULL nor POP");
  if (result.topic.empty() || result.group.empty())
    return make_error(errc::malformed_request,
                      "topic and consumerGroup must be named");
  result.pop = mode == "POP";
  result.share_queues = int32_of(*document, "popShareQueueNum");
  return result;
}

std::string encode_request_modes(std::span<const request_mode> modes) {
  json_text out;
  out.begin_object().key("messageRequestModeMap").begin_object();
  for (std::size_t i = 0; i < modes.size(); ++i) {
    const auto& x = modes[i];
    if (i == 0 || modes[i - 1].topic != x.topic)
      out.key(x.topic).begin_object();
    out.key(x.group)
      .begin_object()
      .field("consumerGroup", x.group)
      .field("mode", x.pop ? "POP" : "PULL")
      .field("popShareQueueNum", x.share_queues)
      .field("topic", x.topic)
      .end_object();
    if (i + 1 == modes.size() || modes[i + 1].topic != x.topic)
      out.end_object();
  }
  return out.end_object().end_object().take();
}

} // namespace troupe::remoting
