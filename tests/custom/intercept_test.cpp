/// Messages judged by a custom actor before they are stored.
#include "custom/actors.hpp"
#include "custom/running.hpp"

#include "remoting/bodies/batch_body.hpp"

#include "troupe/model/properties.hpp"

#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

constexpr int message_illegal = 13;
constexpr int system_busy = 2;

custom_spec judge_of(const std::string& topic, custom::fields more = {}) {
  custom_spec spec{"judge", "judge", {{"topic", topic}, {"backoff_ms", "1"}}};
  for (auto& x : more)
    spec.arguments.push_back(std::move(x));
  return spec;
}

std::string batch_of(const std::vector<std::string>& bodies) {
  std::vector<remoting::batch_element> elements;
  for (const auto& x : bodies)
    elements.push_back({0, x, "KEYS\x01k\x02"});
  return remoting::join_batch(elements);
}

remoting::command send_batch_of(const std::string& topic,
                                const std::string& body) {
  auto request = send_of(topic, 0, body);
  request.code =
    static_cast<std::int32_t>(remoting::request_code::send_batch_message);
  request.fields.back().second = "true";
  return request;
}

} // namespace

TEST_CASE("intercept: accepted, changed, rejected with a reason") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  make_topic(client, "other");
  REQUIRE(ask<custom_changed>(node, spawn_custom{judge_of("in")}));
  CHECK(client.call(send_of("in", 0, "yes")).code == 0);
  auto no = client.call(send_of("in", 0, "no"));
  CHECK(no.code == message_illegal);
  CHECK(no.remark == "it says no");
  CHECK(client.call(send_of("in", 0, "old")).code == 0);
  CHECK(client.call(send_of("other", 0, "no")).code == 0);
  CHECK(bodies(node, "in") == std::vector<std::string>{"yes", "new"});
  auto seen = report(node, "judge");
  CHECK(seen.intercepted == 3);
  CHECK(seen.rejected == 1);
  CHECK(seen.group.empty());
  REQUIRE(ask<custom_changed>(node, unspawn_custom{"judge"}));
  CHECK(client.call(send_of("in", 0, "no")).code == 0);
}

TEST_CASE("intercept: a pattern, and several one after the other by name") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "orders-eu");
  for (const std::string name : {"b", "a"})
    REQUIRE(ask<custom_changed>(
      node,
      spawn_custom{{name, "judge", {{"topic", "orders-*"}, {"mark", name}}}}));
  CHECK(client
          .call(send_of("orders-eu", 0, "x",
                        "A\x01"
                        "1\x02"))
          .code
        == 0);
  auto found = client.call(pull_of("g", "orders-eu", 0, 0));
  auto record =
    storage::decode_record(found.body.view(), storage::record_check::crc);
  REQUIRE(record);
  CHECK(properties::find(record->properties, "JUDGED_BY") == "ab");
  CHECK(properties::find(record->properties, "A") == "1");
}

TEST_CASE("intercept: many on many connections keep their order") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  REQUIRE(ask<custom_changed>(node, spawn_custom{judge_of("in")}));
  std::string expected;
  for (int i = 0; i < 30; ++i) { // all at once, nobody waits for an answer
    auto request = send_of("in", 0, "m" + std::to_string(i));
    request.opaque = 1000 + i;
    client.send(request);
  }
  for (int i = 0; i < 30; ++i) {
    auto answer = client.receive();
    REQUIRE(answer);
    CHECK(answer->code == 0);
  }
  auto stored = bodies(node, "in");
  REQUIRE(stored.size() == 30);
  for (int i = 0; i < 30; ++i)
    CHECK(stored[static_cast<std::size_t>(i)] == "m" + std::to_string(i));
}

TEST_CASE("intercept: a batch is judged message by message, stored whole or "
          "not at all") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  REQUIRE(ask<custom_changed>(node, spawn_custom{judge_of("in")}));
  auto no = client.call(send_batch_of("in", batch_of({"yes", "no", "old"})));
  CHECK(no.code == message_illegal);
  CHECK(no.remark == "message 2 of the batch: it says no");
  CHECK(client.call(send_batch_of("in", batch_of({"yes", "old"}))).code == 0);
  CHECK(bodies(node, "in") == std::vector<std::string>{"yes", "new"});
}

TEST_CASE("intercept: what it fails at is refused or let in, as was stated") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "closed");
  make_topic(client, "open");
  REQUIRE(ask<custom_changed>(node, spawn_custom{judge_of("closed")}));
  auto lax = judge_of("open", {{"on_failure", "accept"}});
  lax.name = "lax";
  REQUIRE(ask<custom_changed>(node, spawn_custom{lax}));
  auto failed = client.call(send_of("closed", 0, "throw"));
  CHECK(failed.code == system_busy);
  CHECK(failed.remark
        == "interceptor `judge` cannot judge: cannot judge; retry in some "
           "seconds");
  CHECK(client.call(send_of("open", 0, "throw")).code == 0);
  CHECK(bodies(node, "open") == std::vector<std::string>{"throw"});
  CHECK(bodies(node, "closed").empty());
  // It is made anew and goes on.
  CHECK(eventually(
    [&] { return client.call(send_of("closed", 0, "yes")).code == 0; }));
  CHECK(report(node, "judge").restarts == 1);
}

TEST_CASE("intercept: one that does not answer in time holds up nobody else") {
  scratch home;
  node node{options_in(home / "data")};
  client slow{node.broker_port()};
  client quick{node.broker_port()};
  make_topic(slow, "in");
  make_topic(slow, "other");
  REQUIRE(ask<custom_changed>(
    node, spawn_custom{judge_of("in", {{"deadline_ms", "200"}})}));
  auto request = send_of("in", 0, "sleep");
  request.opaque = 77;
  slow.send(request);
  auto began = std::chrono::steady_clock::now();
  CHECK(quick.call(send_of("other", 0, "no")).code == 0);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{1});
  CHECK(report(node, "judge").state == custom_state::silent);
  auto answer = slow.receive();
  REQUIRE(answer);
  CHECK(answer->code == system_busy);
  CHECK(answer->remark.find("has not answered in time") != std::string::npos);
  CHECK(
    eventually([&] { return quick.call(send_of("in", 0, "yes")).code == 0; }));
}

TEST_CASE("intercept: nothing passes a gate while the node starts") {
  scratch home;
  {
    node node{options_in(home / "data")};
    client client{node.broker_port()};
    make_topic(client, "in");
    REQUIRE(ask<custom_changed>(node, spawn_custom{judge_of("in")}));
    REQUIRE(client.call(send_of("in", 0, "count")).code == 0);
    node.stop();
  }
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  CHECK(client.call(send_of("in", 0, "no")).code == message_illegal);
  CHECK(value(node, "judge", "any") == "1");
}
