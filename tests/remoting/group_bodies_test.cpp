#include "remoting/bodies/group_bodies.hpp"
#include "remoting/command_codec.hpp"
#include "remoting/json_value.hpp"

#include "support/catch.hpp"
#include "support/golden.hpp"

using namespace troupe;
using namespace troupe::remoting;

TEST_CASE("a heartbeat names its groups and what they subscribe") {
  auto beat = decode_heartbeat(
    R"({"clientID":"10.0.0.1@7","heartbeatFingerprint":3,)"
    R"("isWithoutSub":false,"producerDataSet":[{"groupName":"P1"},{"groupName":"P2"}],)"
    R"("consumerDataSet":[{"groupName":"G","consumeType":"CONSUME_ACTIVELY",)"
    R"("messageModel":"BROADCASTING","consumeFromWhere":"CONSUME_FROM_TIMESTAMP",)"
    R"("unitMode":true,"subscriptionDataSet":[{"topic":"T","subString":"A || B",)"
    R"("subVersion":17,"expressionType":"TAG","tagsSet":["A","B"],"codeSet":[65,66],)"
    R"("classFilterMode":false}]}]})");
  REQUIRE(beat);
  CHECK(beat->client_id == "10.0.0.1@7");
  CHECK(beat->fingerprint == 3);
  CHECK(beat->producer_groups == std::vector<std::string>{"P1", "P2"});
  REQUIRE(beat->consumers.size() == 1);
  const auto& group = beat->consumers.front();
  CHECK(group.group == "G");
  CHECK(group.type == consume_type::actively);
  CHECK(group.model == message_model::broadcasting);
  CHECK(group.from == consume_from::timestamp);
  REQUIRE(group.subscriptions.size() == 1);
  CHECK(group.subscriptions[0].topic == "T");
  CHECK(group.subscriptions[0].version == 17);
  CHECK(group.subscriptions[0].filter.matches('A'));
  CHECK_FALSE(group.subscriptions[0].filter.matches('C'));
}

TEST_CASE("a heartbeat that is none is refused") {
  for (const char* body : {"", "[]", "nonsense", "{\"clientID\":"})
    CHECK_FALSE(decode_heartbeat(body));
}

TEST_CASE("group settings survive their own encoding") {
  group_config group;
  group.name = "G";
  group.consume_enable = false;
  group.retry_queues = 3;
  group.retry_max_times = 5;
  group.notify_ids_changed = false;
  group.attributes = {{"a", "b"}};
  group.retry_policy = GENERATE("", R"({"type":"EXPONENTIAL"})");
  auto again = decode_group_config(encode_group_config(group));
  REQUIRE(again);
  CHECK(*again == group);
}

TEST_CASE("a lock request keeps the broker's name for its answer") {
  auto wish = decode_lock_request(
    R"({"clientId":"c","consumerGroup":"G","mqSet":[{"brokerName":"b",)"
    R"("queueId":3,"topic":"T"}],"onlyThisBroker":false})");
  REQUIRE(wish);
  CHECK(wish->client_id == "c");
  REQUIRE(wish->queues.size() == 1);
  CHECK(wish->queues[0].queue.topic == "T");
  auto answer = parse_json(encode_locked(wish->queues));
  REQUIRE(answer);
  const auto* locked = member_of(*answer, "lockOKMQSet");
  REQUIRE(locked);
  REQUIRE(locked->Size() == 1);
  CHECK(text_of((*locked)[0], "brokerName") == "b");
  CHECK(int64_of((*locked)[0], "queueId") == 3);
}

TEST_CASE("heartbeats of real clients are understood") {
  auto folder = test::golden_directory() / "frames";
  if (!std::filesystem::exists(folder)) {
    WARN("no golden frames at " << folder << "; nothing was checked");
    return;
  }
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    auto name = entry.path().filename().string();
    if (name.rfind("034_", 0) != 0 || name.find("__req.bin") == name.npos)
      continue;
    CAPTURE(name);
    auto frame = decode_command(test::read_file(entry.path()));
    REQUIRE(frame);
    auto beat = decode_heartbeat(frame->body.view());
    REQUIRE(beat);
    CHECK_FALSE(beat->client_id.empty());
    CHECK(beat->consumers.size() + beat->producer_groups.size() > 0);
    ++seen;
  }
  CHECK(seen >= 10);
}
