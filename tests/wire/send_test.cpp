/// Sending: what is stored, what is refused and with which code.
#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

using namespace troupe;
using namespace troupe::remoting;

namespace {

std::int32_t code(response_code x) {
  return static_cast<std::int32_t>(x);
}

/// One element of a batch body. Sheet remoting, batch messages.
std::string batch_element(std::string_view body, std::string_view properties) {
  std::string bytes;
  auto number = [&](std::uint32_t value, int size) {
    for (int i = size - 1; i >= 0; --i)
      bytes += static_cast<char>(value >> (8 * i));
  };
  number(static_cast<std::uint32_t>(4 + 4 + 4 + 4 + 4 + body.size() + 2
                                    + properties.size()),
         4);
  number(0, 4); // magic
  number(0, 4); // body checksum
  number(7, 4); // flag
  number(static_cast<std::uint32_t>(body.size()), 4);
  bytes += body;
  number(static_cast<std::uint32_t>(properties.size()), 2);
  bytes += properties;
  return bytes;
}

} // namespace

TEST_CASE("offsets of a queue count up and ids name the place") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  client.encoding = GENERATE(header_encoding::json, header_encoding::binary);
  for (int i = 0; i < 5; ++i) {
    auto answer = client.call(test::send_of("T", 2, "body"));
    REQUIRE(answer.code == 0);
    CHECK(answer.field("queueId") == "2");
    CHECK(answer.field("queueOffset") == std::to_string(i));
    CHECK(answer.field("msgId").size() == 32);
    CHECK(answer.field("msgId").substr(0, 8) == "7F000001");
  }
  auto end = client.call(test::request(request_code::get_max_offset,
                                       {{"topic", "T"}, {"queueId", "2"}}));
  CHECK(end.field("offset") == "5");
}

TEST_CASE("the long form of a send does the same") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  auto answer = client.call(test::request(request_code::send_message,
                                          {{"producerGroup", "PG"},
                                           {"topic", "T"},
                                           {"defaultTopic", "TBW102"},
                                           {"defaultTopicQueueNums", "4"},
                                           {"queueId", "1"},
                                           {"sysFlag", "0"},
                                           {"bornTimestamp", "1700000000000"},
                                           {"flag", "0"},
                                           {"properties", ""},
                                           {"reconsumeTimes", "0"},
                                           {"unitMode", "false"},
                                           {"batch", "false"}},
                                          "body"));
  CHECK(answer.code == 0);
  CHECK(answer.field("queueOffset") == "0");
}

TEST_CASE("a batch is stored message by message, with an id for each") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  auto ask = test::send_of("T", 0,
                           batch_element("one", "TAGS\x01x\x02")
                             + batch_element("two", "TAGS\x01y\x02")
                             + batch_element("three", ""));
  ask.code = static_cast<std::int32_t>(request_code::send_batch_message);
  for (auto& [name, value] : ask.fields)
    if (name == "m")
      value = "true";
  auto answer = client.call(ask);
  REQUIRE(answer.code == 0);
  CHECK(std::ranges::count(answer.field("msgId"), ',') == 2);
  auto end = client.call(test::request(request_code::get_max_offset,
                                       {{"topic", "T"}, {"queueId", "0"}}));
  CHECK(end.field("offset") == "3");
}

TEST_CASE("a damaged batch stores nothing") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  REQUIRE(client.call(test::send_of("T", 0, "first")).code == 0);
  auto whole = batch_element("one", "") + batch_element("two", "");
  for (std::size_t size = 0; size < whole.size(); size += 5) {
    CAPTURE(size);
    auto ask = test::send_of("T", 0, whole.substr(0, size));
    ask.code = static_cast<std::int32_t>(request_code::send_batch_message);
    auto answer = client.call(ask);
    if (size == batch_element("one", "").size())
      continue; // a whole batch of one
    CHECK(answer.code != 0);
    CHECK_FALSE(answer.remark.empty());
  }
}

TEST_CASE("what may not be sent is refused with RocketMQ's code and a reason") {
  test::scratch home;
  cast_options options;
  options.data_directory = home / "data";
  options.broker_name = "broker-a";
  options.body_bytes_max = 1000;
  options.auto_create_topics = false;
  test::node node{options};
  test::client client{node.broker_port()};
  REQUIRE(client.call(test::create_of("T", 4)).code == 0);
  auto refused = [&](command ask, response_code wanted) {
    auto answer = client.call(std::move(ask));
    CHECK(answer.code == code(wanted));
    CHECK(answer.remark.size() > 5);
  };
  SECTION("a topic that is not there") {
    refused(test::send_of("Unknown", 0, "x"), response_code::topic_not_exist);
  }
  SECTION("a body over the limit") {
    refused(test::send_of("T", 0, std::string(1001, 'x')),
            response_code::message_illegal);
    CHECK(client.call(test::send_of("T", 0, std::string(1000, 'x'))).code == 0);
  }
  SECTION("a queue that is not there") {
    auto answer = client.call(test::send_of("T", 99, "x"));
    CHECK(answer.code != 0);
  }
  SECTION("a topic name with forbidden letters") {
    auto answer = client.call(test::send_of("a b", 0, "x"));
    CHECK(answer.code != 0);
  }
  SECTION("a topic of the system") {
    auto answer = client.call(test::send_of("SCHEDULE_TOPIC_XXXX", 0, "x"));
    CHECK(answer.code != 0);
  }
  SECTION("a request without its fields") {
    auto ask = test::request(request_code::send_message_v2, {{"b", "T"}}, "x");
    auto answer = client.call(ask);
    CHECK(answer.code != 0);
  }
  CHECK(client.call(test::send_of("T", 0, "good")).code == 0);
}

TEST_CASE("a topic made by a first send takes the client's number of queues") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  auto ask = test::send_of("Fresh", 0, "x");
  for (auto& [name, value] : ask.fields)
    if (name == "d")
      value = "2";
  REQUIRE(client.call(ask).code == 0);
  CHECK(client.call(test::send_of("Fresh", 1, "x")).code == 0);
  CHECK(client.call(test::send_of("Fresh", 2, "x")).code != 0);
}
