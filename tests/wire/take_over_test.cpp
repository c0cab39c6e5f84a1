/// A node on the store directory of a real Apache RocketMQ, asked as its
/// clients would.
#include "storage/record.hpp"

#include "support/catch.hpp"
#include "support/golden_store.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

#include <map>

using namespace troupe;
using namespace troupe::remoting;

namespace {

struct queue_name {
  std::string topic;
  int queue = 0;
};

/// `topic@queue`
queue_name split(const std::string& text) {
  auto at = text.rfind('@');
  return {text.substr(0, at), std::stoi(text.substr(at + 1))};
}

std::int64_t number_of(std::string_view text) {
  return std::stoll(std::string{text});
}

std::int64_t range_end(test::client& client, const queue_name& name) {
  auto answer = client.call(test::request(
    request_code::get_max_offset,
    {{"topic", name.topic}, {"queueId", std::to_string(name.queue)}}));
  REQUIRE(answer.code == 0);
  return number_of(answer.field("offset"));
}

/// Bodies' checksums by queue offset, pulled from the start.
std::map<std::int64_t, std::size_t> pull_all(test::client& client,
                                             const queue_name& name) {
  std::map<std::int64_t, std::size_t> sizes;
  for (std::int64_t next = 0;;) {
    auto answer =
      client.call(test::pull_of("Take", name.topic, name.queue, next));
    if (answer.code != 0)
      return sizes;
    auto bytes = answer.body.view();
    while (!bytes.empty()) {
      auto record = storage::decode_record(bytes, storage::record_check::crc);
      REQUIRE(record);
      REQUIRE(record->topic == name.topic);
      sizes[record->offset.value] = record->body.size();
      bytes.remove_prefix(record->size);
    }
    next = number_of(answer.field("nextBeginOffset"));
  }
}

/// What was pending is due by now, and is delivered when the node starts.
bool gets_delayed(const std::string& topic) {
  return topic == "GoldenDelay" || topic == "GoldenTimer";
}

bool is_internal(const std::string& topic) {
  return topic.starts_with("rmq_sys_") || topic.starts_with("RMQ_SYS_")
         || topic.starts_with("SCHEDULE_");
}

} // namespace

TEST_CASE("a node starts on a store of Apache RocketMQ and goes on with it") {
  auto name = GENERATE(as<std::string>{}, "store-4.9.8", "store-5.3.2",
                       "store-5.3.2-killed");
  CAPTURE(name);
  test::scratch home;
  auto golden = test::unpack(name, home);
  if (!golden)
    return;
  std::map<std::string, std::map<std::int64_t, std::size_t>> wanted;
  for (const auto& message : golden->manifest["messages"].GetArray()) {
    auto topic = test::text_at(message, "topic");
    if (!is_internal(topic))
      wanted[topic + "@" + std::to_string(message["queueId"].GetInt())]
            [message["queueOffset"].GetInt64()] =
              message["storedBodyLength"].GetUint();
  }
  REQUIRE(wanted.size() >= 3);
  std::map<std::string, std::int64_t> ends;
  for (int round = 0; round < 2; ++round) {
    test::node node{golden->directory};
    test::client client{node.broker_port()};
    for (const auto& [queue, sizes] : wanted) {
      CAPTURE(round, queue);
      auto key = split(queue);
      auto end = range_end(client, key);
      auto least = round == 0 ? sizes.rbegin()->first + 1 : ends[queue];
      CHECK(end >= least);
      if (!gets_delayed(key.topic))
        CHECK(end == least);
      auto pulled = pull_all(client, key);
      for (const auto& [offset, size] : sizes)
        REQUIRE(pulled[offset] == size);
      ends[queue] = end;
      if (key.topic.starts_with("%"))
        continue; // only the broker sends there
      auto sent = client.call(test::send_of(key.topic, key.queue, "goes on"));
      REQUIRE(sent.code == 0);
      auto offset = number_of(sent.field("queueOffset"));
      CHECK(offset >= end);
      ends[queue] = offset + 1;
    }
    if (auto offsets = golden->manifest.FindMember("groupOffsetsOnDisk");
        offsets != golden->manifest.MemberEnd())
      for (const auto& group : offsets->value.GetObject())
        for (const auto& queue : group.value.GetObject()) {
          std::string pair = group.name.GetString();
          auto at = pair.find('@');
          CAPTURE(pair, queue.name.GetString());
          auto answer =
            client.call(test::request(request_code::query_consumer_offset,
                                      {{"consumerGroup", pair.substr(at + 1)},
                                       {"topic", pair.substr(0, at)},
                                       {"queueId", queue.name.GetString()}}));
          REQUIRE(answer.code == 0);
          CHECK(number_of(answer.field("offset")) == queue.value.GetInt64());
        }
  }
}
