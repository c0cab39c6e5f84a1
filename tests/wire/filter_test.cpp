/// SQL92 filters as consumers meet them: checked, heard of, pulled with, and
/// woken by.
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

using texts = std::vector<std::string>;

using test::bodies_of;

void send_priced(test::client& client, int price, int queue = 0) {
  auto text = std::to_string(price);
  REQUIRE(
    client
      .call(test::send_of("T", queue, "m" + text, "price\x01" + text + "\x02"))
      .code
    == 0);
}

command check_of(const std::string& expression) {
  return test::request(
    request_code::check_client_config, {},
    R"({"clientId":"c1","group":"G","namespace":"","subscriptionData":)"
    R"({"topic":"T","subString":")"
      + expression + R"(","expressionType":"SQL92","subVersion":1}})");
}

command heartbeat_of(const std::string& expression) {
  return test::request(
    request_code::heart_beat, {},
    R"({"clientID":"c1","consumerDataSet":[{"groupName":"G","consumeType":)"
    R"("CONSUME_PASSIVELY","messageModel":"CLUSTERING","consumeFromWhere":)"
    R"("CONSUME_FROM_FIRST_OFFSET","subscriptionDataSet":[{"topic":"T",)"
    R"("subString":")"
      + expression
      + R"(","expressionType":"SQL92","subVersion":1}]}],)"
        R"("producerDataSet":[]})");
}

/// A pull with the subscription of the group's heartbeat.
command known_pull(std::int64_t offset, int suspend_ms = 0) {
  auto wish = test::pull_of("G", "T", 0, offset, suspend_ms);
  for (auto& [name, value] : wish.fields)
    if (name == "sysFlag")
      value = suspend_ms > 0 ? "2" : "0";
  return wish;
}

} // namespace

TEST_CASE("filter: a pull brings what its SQL expression lets through") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  for (int i = 0; i < 10; ++i)
    send_priced(client, i);
  SECTION("some match") {
    auto answer = client.call(test::pull_of(
      "G", "T", 0, 0, 0, "price BETWEEN 3 AND 4 OR price = 8", "SQL92"));
    CHECK(answer.code == 0);
    CHECK(bodies_of(answer) == texts{"m3", "m4", "m8"});
    CHECK(answer.field("nextBeginOffset") == "10");
  }
  SECTION("none does: the place moves on") {
    auto answer =
      client.call(test::pull_of("G", "T", 0, 0, 0, "price > 99", "SQL92"));
    CHECK(answer.code == code(response_code::pull_retry_immediately));
    CHECK(answer.field("nextBeginOffset") == "10");
  }
  SECTION("a bad one is refused with place and reason") {
    auto answer =
      client.call(test::pull_of("G", "T", 0, 0, 0, "price >", "SQL92"));
    CHECK(answer.code == code(response_code::subscription_parse_failed));
    CHECK(answer.remark.find("position 8") != answer.remark.npos);
  }
}

TEST_CASE("filter: a group's expression is known from its heartbeat") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  for (int i = 0; i < 10; ++i)
    send_priced(client, i);
  SECTION("a good one") {
    REQUIRE(client.call(heartbeat_of("price >= 7")).code == 0);
    CHECK(bodies_of(client.call(known_pull(0))) == texts{"m7", "m8", "m9"});
  }
  SECTION("a bad one: the pull is told why") {
    REQUIRE(client.call(heartbeat_of("price LIKE '7%'")).code == 0);
    auto answer = client.call(known_pull(0));
    CHECK(answer.code == code(response_code::filter_data_not_exist));
    CHECK(answer.remark.find("position 7") != answer.remark.npos);
  }
}

TEST_CASE("filter: a parked pull wakes for what matches only") {
  test::scratch home;
  test::node node{home / "data"};
  test::client producer{node.broker_port()};
  test::client consumer{node.broker_port()};
  send_priced(producer, 0);
  REQUIRE(consumer.call(heartbeat_of("price > 5")).code == 0);
  auto wish = known_pull(1, 20000);
  wish.opaque = 77;
  consumer.send(wish);
  CHECK_FALSE(consumer.receive(150ms)); // it is parked before anything comes
  for (int i = 1; i <= 5; ++i)
    send_priced(producer, i);
  CHECK_FALSE(consumer.receive(150ms));
  send_priced(producer, 6);
  auto answer = consumer.receive();
  REQUIRE(answer);
  CHECK(answer->opaque == 77);
  CHECK(answer->code == 0);
  CHECK(bodies_of(*answer) == texts{"m6"});
  CHECK(answer->field("nextBeginOffset") == "7");
}

TEST_CASE("filter: an expression is checked before a consumer starts") {
  test::scratch home;
  cast_options options;
  options.data_directory = home / "data";
  SECTION("on") {
    test::node node{options};
    test::client client{node.broker_port()};
    CHECK(client.call(check_of("a IS NOT NULL AND b > 1")).code == 0);
    auto answer = client.call(check_of("a > > 1"));
    CHECK(answer.code == code(response_code::subscription_parse_failed));
    CHECK(answer.remark.find("position 5") != answer.remark.npos);
  }
  SECTION("off") {
    options.property_filter = false;
    test::node node{options};
    test::client client{node.broker_port()};
    auto answer = client.call(check_of("a > 1"));
    CHECK(answer.code == code(response_code::system_error));
    CHECK(answer.remark.find("enablePropertyFilter") != answer.remark.npos);
    REQUIRE(client.call(heartbeat_of("a > 1")).code == 0);
    REQUIRE(client.call(test::send_of("T", 0, "m")).code == 0);
    CHECK(client.call(known_pull(0)).code == code(response_code::system_error));
  }
}
