#include "remoting/bodies/admin_bodies.hpp"

#include "remoting/json_text.hpp"

#include <algorithm>

namespace troupe::remoting {

std::string
encode_broker_consume_stats(std::span<const named_consume_stats> groups,
                            std::string_view broker_address) {
  std::int64_t behind = 0;
  std::int64_t in_flight = 0;
  json_text out;
  out.begin_object()
    .field("brokerAddr", broker_address)
    .key("consumeStatsList")
    .begin_list();
  for (const auto& group : groups) {
    out.begin_object().key(group.group).begin_list();
    std::span<const consume_stats_row> rest{group.rows};
    while (!rest.empty()) {
      std::size_t count = 0;
      while (count < rest.size()
             && rest[count].queue.queue.topic == rest.front().queue.queue.topic)
        ++count;
      for (const auto& row : rest.first(count)) {
        behind += row.broker_offset - row.consumer_offset;
        in_flight += row.pull_offset - row.consumer_offset;
      }
      out.raw(encode_consume_stats(rest.first(count), group.per_second));
      rest = rest.subspan(count);
    }
    out.end_list().end_object();
  }
  return out.end_list()
    .field("totalDiff", behind)
    .field("totalInflightDiff", in_flight)
    .end_object()
    .take();
}

std::string encode_time_span(std::span<const time_span_row> rows) {
  json_text out;
  out.begin_object().key("consumeTimeSpanSet").begin_list();
  for (const auto& x : rows)
    out.begin_object()
      .field("consumeTimeStamp", x.consume_time)
      .field("delayTime", x.delay_ms)
      .field("maxTimeStamp", x.max_time)
      .key("messageQueue")
      .raw(queue_object(x.queue))
      .field("minTimeStamp", x.min_time)
      .end_object();
  return out.end_list().end_object().take();
}

std::string
encode_correction(const std::map<std::int32_t, std::int64_t>& offsets) {
  json_text out;
  out.begin_object().key("correctionOffsets").begin_object();
  for (const auto& [queue, offset] : offsets)
    out.raw_key(std::to_string(queue)).number(offset);
  return out.end_object().end_object().take();
}

std::string queue_table_of(std::string_view body) {
  constexpr std::string_view name = "\"messageQueueTable\":";
  auto begin = body.find(name);
  if (begin == body.npos)
    return {};
  begin += name.size();
  // To the bracket that closes it; brackets in texts do not count.
  int depth = 0;
  bool in_text = false;
  for (auto i = begin; i < body.size(); ++i) {
    auto x = body[i];
    if (in_text && x == '\\')
      ++i;
    else if (x == '"')
      in_text = !in_text;
    else if (!in_text && x == '{')
      ++depth;
    else if (!in_text && x == '}' && --depth == 0)
      return std::string{body.substr(begin, i + 1 - begin)};
    if (depth == 0 && x != ' ')
      return {}; // no object
  }
  return {};
}

std::string
encode_consumer_status(const std::map<std::string, std::string>& tables) {
  json_text out;
  out.begin_object().key("consumerTable").begin_object();
  for (const auto& [client, table] : tables)
    out.key(client).raw(table);
  return out.end_object().end_object().take();
}

std::string encode_broker_stats(const broker_stats& stats) {
  constexpr std::array names{"statsMinute", "statsHour", "statsDay"};
  json_text out;
  out.begin_object();
  for (std::size_t i = 0; i < names.size(); ++i)
    out.key(names[i])
      .begin_object()
      .field("sum", stats.spans[i].sum)
      .key("tps")
      .real(stats.spans[i].per_second)
      .key("avgpt")
      .real(0)
      .end_object();
  return out.end_object().take();
}

std::string encode_consume_queue(std::int64_t min, std::int64_t max,
                                 std::span<const consume_queue_row> rows,
                                 const queue_reader& who) {
  json_text out;
  out.begin_object();
  if (!who.name.empty() && !who.wanted)
    out.field("filterData", who.name + " is not online!");
  out.field("maxQueueIndex", max)
    .field("minQueueIndex", min)
    .key("queueData")
    .begin_list();
  for (const auto& x : rows)
    out.begin_object()
      .field("eval", false)
      .field("physicOffset", x.position)
      .field("physicSize", x.size)
      .field("tagsCode", x.tags_code)
      .end_object();
  out.end_list();
  if (who.wanted)
    out.key("subscriptionData").raw(encode_subscription(*who.wanted));
  return out.end_object().take();
}

std::string encode_ha_status(std::int64_t log_end) {
  json_text out;
  return out.begin_object()
    .key("haConnectionInfo")
    .begin_list()
    .end_list()
    .field("inSyncSlaveNums", 0)
    .field("master", true)
    .field("masterCommitLogMaxOffset", log_end)
    .end_object()
    .take();
}

} // namespace troupe::remoting
