/// Pulling, waiting for messages, progress and retries.
#include "storage/record.hpp"

#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/records.hpp"
#include "support/scratch.hpp"

using namespace troupe;
using namespace troupe::remoting;
using namespace std::chrono_literals;

namespace {

std::int32_t code(response_code x) {
  return static_cast<std::int32_t>(x);
}

using test::bodies_of;

using texts = std::vector<std::string>;

command offset_of(const std::string& group, const std::string& topic) {
  return test::request(
    request_code::query_consumer_offset,
    {{"consumerGroup", group}, {"topic", topic}, {"queueId", "0"}});
}

} // namespace

TEST_CASE("a pull finds, waits or is told where to go on") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  client.encoding = GENERATE(header_encoding::json, header_encoding::binary);
  for (int i = 0; i < 10; ++i)
    REQUIRE(client.call(test::send_of("T", 0, "m" + std::to_string(i))).code
            == 0);
  SECTION("found") {
    auto answer = client.call(test::pull_of("G", "T", 0, 7));
    CHECK(answer.code == 0);
    CHECK(bodies_of(answer) == texts{"m7", "m8", "m9"});
    CHECK(answer.field("nextBeginOffset") == "10");
    CHECK(answer.field("minOffset") == "0");
    CHECK(answer.field("maxOffset") == "10");
  }
  SECTION("nothing new") {
    auto answer = client.call(test::pull_of("G", "T", 0, 10));
    CHECK(answer.code == code(response_code::pull_not_found));
    CHECK(answer.field("nextBeginOffset") == "10");
  }
  SECTION("past the end") {
    auto answer = client.call(test::pull_of("G", "T", 0, 11));
    CHECK(answer.code == code(response_code::pull_offset_moved));
    CHECK(answer.field("nextBeginOffset") == "10");
  }
  SECTION("a queue that is not there") {
    auto answer = client.call(test::pull_of("G", "T", 77, 0));
    CHECK(answer.code == code(response_code::invalid_parameter));
  }
  SECTION("a topic that is not there") {
    auto answer = client.call(test::pull_of("G", "Unknown", 0, 0));
    CHECK(answer.code == code(response_code::topic_not_exist));
  }
}

TEST_CASE("only wanted tags are pulled, the place moves past the others") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  for (int i = 0; i < 9; ++i)
    REQUIRE(
      client
        .call(test::send_of("T", 0, "m" + std::to_string(i),
                            std::string("TAGS\x01") + "ABC"[i % 3] + "\x02"))
        .code
      == 0);
  auto some = client.call(test::pull_of("G", "T", 0, 0, 0, "A || C"));
  CHECK(bodies_of(some) == texts{"m0", "m2", "m3", "m5", "m6", "m8"});
  auto none = client.call(test::pull_of("G", "T", 0, 0, 0, "Z"));
  CHECK(none.code == code(response_code::pull_retry_immediately));
  CHECK(none.field("nextBeginOffset") == "9");
}

TEST_CASE("a waiting pull is woken by a message, not by another queue's") {
  test::scratch home;
  test::node node{home / "data"};
  test::client sender{node.broker_port()};
  test::client waiter{node.broker_port()};
  REQUIRE(sender.call(test::send_of("T", 0, "first")).code == 0);
  auto ask = test::pull_of("G", "T", 0, 1, 15000);
  ask.opaque = 5;
  waiter.send(ask);
  CHECK_FALSE(waiter.receive(200ms));
  REQUIRE(sender.call(test::send_of("T", 1, "elsewhere")).code == 0);
  CHECK_FALSE(waiter.receive(200ms));
  REQUIRE(sender.call(test::send_of("T", 0, "second")).code == 0);
  auto answer = waiter.receive(2s);
  REQUIRE(answer);
  CHECK(answer->opaque == 5);
  CHECK(bodies_of(*answer) == texts{"second"});
}

TEST_CASE("a waiting pull ends when its time is up") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  REQUIRE(client.call(test::send_of("T", 0, "first")).code == 0);
  auto answer = client.call(test::pull_of("G", "T", 0, 1, 500));
  CHECK(answer.code == code(response_code::pull_not_found));
}

TEST_CASE("progress is what was committed last, for each group its own") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  for (int i = 0; i < 5; ++i)
    REQUIRE(client.call(test::send_of("T", 0, "m")).code == 0);
  auto commit = [&](const std::string& group, const std::string& offset) {
    return client
      .call(test::request(request_code::update_consumer_offset,
                          {{"consumerGroup", group},
                           {"topic", "T"},
                           {"queueId", "0"},
                           {"commitOffset", offset}}))
      .code;
  };
  CHECK(commit("G1", "3") == 0);
  CHECK(commit("G2", "1") == 0);
  CHECK(client.call(offset_of("G1", "T")).field("offset") == "3");
  CHECK(client.call(offset_of("G2", "T")).field("offset") == "1");
  // A pull may bring the commit along: flag 1.
  auto ask = test::pull_of("G1", "T", 0, 4);
  for (auto& [name, value] : ask.fields) {
    if (name == "sysFlag")
      value = "5";
    if (name == "commitOffset")
      value = "4";
  }
  CHECK(client.call(ask).code == 0);
  CHECK(client.call(offset_of("G1", "T")).field("offset") == "4");
  // A new group of a small topic that lost nothing begins at 0.
  auto fresh = client.call(offset_of("G3", "T"));
  CHECK(fresh.code == 0);
  CHECK(fresh.field("offset") == "0");
}

TEST_CASE("a message sent back comes again on the group's retry topic") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  auto sent = client.call(test::send_of("T", 0, "again", "TAGS\x01x\x02"));
  REQUIRE(sent.code == 0);
  auto found = client.call(test::pull_of("G", "T", 0, 0));
  auto record =
    storage::decode_record(found.body.view(), storage::record_check::crc);
  REQUIRE(record);
  auto back = client.call(
    test::request(request_code::consumer_send_msg_back,
                  {{"offset", std::to_string(record->position.value)},
                   {"group", "G"},
                   {"delayLevel", "-1"},
                   {"originMsgId", "id"},
                   {"originTopic", "T"},
                   {"unitMode", "false"},
                   {"maxReconsumeTimes", "16"}}));
  CHECK(back.code == 0);
  // A negative level means: no more tries.
  auto dead = client.call(test::request(
    request_code::get_max_offset, {{"topic", "%DLQ%G"}, {"queueId", "0"}}));
  CHECK(dead.field("offset") == "1");
}
