/// Request and reply: the node hands a reply to the client that waits for it.
#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

#include "troupe/model/properties.hpp"

#include <thread>

using namespace troupe;
using namespace troupe::remoting;
using namespace std::chrono_literals;

namespace {

command producer_heartbeat(const std::string& client) {
  return test::request(request_code::heart_beat, {},
                       R"({"clientID":")" + client
                         + R"(","consumerDataSet":[],)"
                           R"("producerDataSet":[{"groupName":"PG"}]})");
}

command reply_to(const std::string& client) {
  std::string text = "CORRELATION_ID\x01"
                     "c-1\x02MSG_TYPE\x01reply\x02";
  if (!client.empty())
    properties::append(text, properties::reply_to_client, client);
  auto made =
    test::send_of("DefaultCluster_REPLY_TOPIC", 0, "the answer", text);
  made.code = static_cast<std::int32_t>(request_code::send_reply_message_v2);
  return made;
}

/// Answers the next request that arrives with `code`.
command take_push(test::client& asking, response_code code) {
  auto push = asking.receive();
  REQUIRE(push);
  auto answer = make_response(code, "as told");
  answer.opaque = push->opaque;
  asking.send(std::move(answer));
  return std::move(*push);
}

/// Waits until the reply is stored: whoever is refused is answered before.
bool is_stored(test::client& client) {
  for (int i = 0; i < 100; ++i) {
    auto answer = client.call(test::request(
      request_code::get_max_offset,
      {{"topic", "DefaultCluster_REPLY_TOPIC"}, {"queueId", "0"}}));
    if (answer.field("offset") == "1")
      return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

} // namespace

TEST_CASE("reply: it reaches the client that asked, and is stored") {
  test::scratch home;
  test::node node{home / "data"};
  test::client asking{node.broker_port()};
  test::client answering{node.broker_port()};
  REQUIRE(asking.call(producer_heartbeat("10.0.0.1@1")).code == 0);
  auto wish = reply_to("10.0.0.1@1");
  wish.opaque = 5;
  answering.send(wish);
  SECTION("taken") {
    auto push = take_push(asking, response_code::success);
    CHECK(
      push.code
      == static_cast<std::int32_t>(request_code::push_reply_message_to_client));
    CHECK(push.body.view() == "the answer");
    CHECK(push.field("topic") == "DefaultCluster_REPLY_TOPIC");
    auto text = push.field("properties");
    CHECK(properties::find(text, properties::correlation_id) == "c-1");
    CHECK_FALSE(properties::find(text, properties::push_reply_time).empty());
    auto answer = answering.receive();
    REQUIRE(answer);
    CHECK(answer->opaque == 5);
    CHECK(answer->code == 0);
    CHECK(answer->field("queueOffset") == "0");
    CHECK(is_stored(answering));
  }
  SECTION("refused by the client") {
    take_push(asking, response_code::system_error);
    auto answer = answering.receive();
    REQUIRE(answer);
    CHECK(answer->code
          == static_cast<std::int32_t>(response_code::system_error));
    CHECK(answer->remark.find("as told") != answer->remark.npos);
    CHECK(is_stored(answering));
  }
}

TEST_CASE("reply: a client that is gone or not named is an error") {
  test::scratch home;
  test::node node{home / "data"};
  test::client answering{node.broker_port()};
  {
    test::client asking{node.broker_port()};
    REQUIRE(asking.call(producer_heartbeat("gone")).code == 0);
  }
  auto client = GENERATE(as<std::string>{}, "never", "gone", "");
  CAPTURE(client);
  // That a connection has closed is seen a moment after.
  std::this_thread::sleep_for(50ms);
  auto answer = answering.call(reply_to(client));
  CHECK(answer.code == static_cast<std::int32_t>(response_code::system_error));
  CHECK(answer.remark.find(client.empty() ? "REPLY_TO_CLIENT" : client)
        != answer.remark.npos);
}
