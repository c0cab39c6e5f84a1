/// Requests that a custom actor answers.
#include "custom/actors.hpp"
#include "custom/running.hpp"

#include "troupe/model/properties.hpp"

#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

using namespace troupe;
using namespace troupe::test;
using remoting::request_code;

namespace {

const custom_spec service{
  "desk", "clerk", {{"serves", "desk"}, {"backoff_ms", "1"}}};

void be_client(client& asking, const std::string& id) {
  REQUIRE(asking
            .call(request(request_code::heart_beat, {},
                          R"({"clientID":")" + id
                            + R"(","consumerDataSet":[],)"
                              R"("producerDataSet":[{"groupName":"PG"}]})"))
            .code
          == 0);
}

/// What a client's `request` sends.
remoting::command request_of(const std::string& body, const std::string& client,
                             const std::string& id,
                             const std::string& ttl = "3000") {
  std::string text;
  properties::append(text, properties::correlation_id, id);
  properties::append(text, properties::reply_to_client, client);
  properties::append(text, properties::time_to_live, ttl);
  return send_of("desk", 0, body, text);
}

/// The reply that the broker pushes next; taken, as a client does.
std::optional<remoting::command>
take_reply(client& asking, std::chrono::milliseconds wait = 5s) {
  auto push = asking.receive(wait);
  if (!push)
    return {};
  CHECK(
    push->code
    == static_cast<std::int32_t>(request_code::push_reply_message_to_client));
  auto answer = remoting::make_response(remoting::response_code::success, "");
  answer.opaque = push->opaque;
  asking.send(std::move(answer));
  return push;
}

std::string property_of(const remoting::command& push, std::string_view name) {
  return std::string{properties::find(push.field("properties"), name)};
}

} // namespace

TEST_CASE("service: the reply reaches who asked, and is stored") {
  scratch home;
  node node{options_in(home / "data")};
  client asking{node.broker_port()};
  client other{node.broker_port()};
  make_topic(asking, "desk");
  be_client(asking, "10.0.0.1@1");
  be_client(other, "10.0.0.1@2");
  REQUIRE(asking.call(send_of("desk", 0, "from before")).code == 0);
  REQUIRE(ask<custom_changed>(node, spawn_custom{service}));
  REQUIRE(eventually([&] { return report(node, "desk").queues == 1; }));
  REQUIRE(asking.call(request_of("hello", "10.0.0.1@1", "c-1")).code == 0);
  auto push = take_reply(asking);
  REQUIRE(push);
  CHECK(push->body.view() == "re: hello 1"); // older messages are no requests
  CHECK(property_of(*push, properties::correlation_id) == "c-1");
  CHECK(property_of(*push, properties::message_type) == "reply");
  CHECK(property_of(*push, "BY") == "desk");
  CHECK(push->field("topic") == "DefaultCluster_REPLY_TOPIC");
  CHECK_FALSE(other.receive(100ms));
  // What it told was on disk before.
  CHECK(value(node, "desk", "served") == "1");
  CHECK(eventually([&] {
    return bodies(node, "DefaultCluster_REPLY_TOPIC")
           == std::vector<std::string>{"re: hello 1"};
  }));
  auto seen = report(node, "desk");
  CHECK(seen.served == 1);
  CHECK(seen.unserved == 0);
  CHECK(seen.group == "custom-desk");
}

TEST_CASE("service: refused, failed and tried again, too late, for nobody") {
  scratch home;
  node node{options_in(home / "data")};
  client asking{node.broker_port()};
  make_topic(asking, "desk");
  be_client(asking, "me");
  REQUIRE(ask<custom_changed>(node, spawn_custom{service}));
  REQUIRE(eventually([&] { return report(node, "desk").queues == 1; }));
  SECTION("refused: the sentence comes as a property, nothing is restarted") {
    REQUIRE(asking.call(request_of("refuse", "me", "c-1")).code == 0);
    auto push = take_reply(asking);
    REQUIRE(push);
    CHECK(push->body.empty());
    CHECK(property_of(*push, custom::refused_property) == "not like this");
    CHECK(report(node, "desk").restarts == 0);
  }
  SECTION("failed: what it changed is taken back, then it is served again") {
    REQUIRE(asking.call(request_of("bad", "me", "c-1")).code == 0);
    auto push = take_reply(asking);
    REQUIRE(push);
    CHECK(push->body.view() == "re: bad 1");
    CHECK(report(node, "desk").restarts == 1);
  }
  SECTION("its time to live is over") {
    // Twice it fails and pauses: longer than the client waits.
    REQUIRE(ask<custom_changed>(node, unspawn_custom{"desk"}));
    auto slow = service;
    slow.arguments.back().second = "300";
    REQUIRE(ask<custom_changed>(node, spawn_custom{slow}));
    REQUIRE(eventually([&] { return report(node, "desk").queues == 1; }));
    REQUIRE(asking.call(request_of("bad", "me", "c-1", "100")).code == 0);
    REQUIRE(eventually([&] { return report(node, "desk").late == 1; }));
    CHECK_FALSE(take_reply(asking, 100ms));
    CHECK(report(node, "desk").served == 0);
  }
  SECTION("a client that has gone, and a message that asks for nothing") {
    REQUIRE(asking.call(request_of("hello", "gone", "c-1")).code == 0);
    REQUIRE(eventually([&] { return report(node, "desk").unserved == 1; }));
    REQUIRE(asking.call(send_of("desk", 0, "by the way")).code == 0);
    REQUIRE(eventually([&] { return report(node, "desk").served == 2; }));
    CHECK(report(node, "desk").unserved == 1);
  }
}

TEST_CASE("service: the example, and state that goes on after a restart") {
  scratch home;
  auto options = options_in(home / "data");
  options.custom.plugins = {std::string{TROUPE_TEST_PLUGINS}
                            + "/price_service.so"};
  options.custom.specs = {{"prices", "price_service", {{"topic", "desk"}}}};
  {
    node node{options};
    client asking{node.broker_port()};
    make_topic(asking, "desk");
    be_client(asking, "me");
    REQUIRE(eventually([&] { return report(node, "prices").group != ""; }));
    REQUIRE(asking.call(request_of("tea", "me", "c-1")).code == 0);
    auto push = take_reply(asking);
    REQUIRE(push);
    CHECK(property_of(*push, custom::refused_property)
          == "no price is known for `tea`");
    REQUIRE(asking.call(request_of("set tea 3", "me", "c-2")).code == 0);
    push = take_reply(asking);
    REQUIRE(push);
    CHECK(push->body.view() == "none");
    node.stop();
  }
  node node{options};
  client asking{node.broker_port()};
  be_client(asking, "me");
  REQUIRE(asking.call(request_of("tea", "me", "c-3")).code == 0);
  auto push = take_reply(asking);
  REQUIRE(push);
  CHECK(push->body.view() == "3");
}
