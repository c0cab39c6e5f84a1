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

/// As clients send: with a key of its own.
remoting::command keyed_send_of(const std::string& topic,
                                const std::string& body) {
  return send_of(topic, 0, body, "UNIQ_KEY\x01" + body + "\x02");
}

/// All at once, nobody waits for an answer. @returns how each was answered
std::vector<int> send_all(client& client, const std::string& topic,
                          const std::vector<std::string>& bodies) {
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    auto request = keyed_send_of(topic, bodies[i]);
    request.opaque = static_cast<std::int32_t>(1000 + i);
    client.send(request);
  }
  std::vector<int> codes(bodies.size(), -1);
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    auto answer = client.receive();
    REQUIRE(answer);
    codes.at(static_cast<std::size_t>(answer->opaque - 1000)) = answer->code;
  }
  return codes;
}

remoting::command send_batch_of(const std::string& topic,
                                const std::string& body) {
  auto request = send_of(topic, 0, body);
  request.code =
    static_cast<std::int32_t>(remoting::request_code::send_batch_message);
  request.fields.back().second = "true";
  return request;
}

/// A message for `in` that is being judged for a while when this returns.
void send_nap(client& client) {
  auto before = judge::naps();
  client.send(keyed_send_of("in", "nap"));
  REQUIRE(eventually([&] { return judge::naps() > before; }));
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

TEST_CASE("intercept: messages of every kind keep the order of their queue") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  for (const std::string name : {"b", "a"})
    REQUIRE(ask<custom_changed>(
      node, spawn_custom{{name, "judge", {{"topic", "in"}}}}));
  std::vector<remoting::command> requests{
    keyed_send_of("in", "nap"), // what follows waits together
    keyed_send_of("in", "1"),
    send_batch_of("in", batch_of({"2", "old"})),
    keyed_send_of("in", "3"),
    send_of("in", 0, "4"), // without a key
    keyed_send_of("in", "old"),
    keyed_send_of("in", "no"),
    send_batch_of("in", batch_of({"6", "7"})),
    send_of("in", 0, "8"),
    keyed_send_of("in", "9"),
  };
  for (auto& request : requests)
    client.send(request);
  auto refused = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    auto answer = client.receive();
    REQUIRE(answer);
    refused += answer->code == message_illegal ? 1 : 0;
  }
  CHECK(refused == 1);
  CHECK(bodies(node, "in")
        == std::vector<std::string>{"nap", "1", "2", "new", "3", "4", "new",
                                    "6", "7", "8", "9"});
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

TEST_CASE("intercept: among many at once each has its own verdict, in order") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  REQUIRE(ask<custom_changed>(node, spawn_custom{judge_of("in")}));
  std::vector<std::string> sent;
  std::vector<int> codes;
  std::vector<std::string> kept;
  for (int i = 0; i < 60; ++i) {
    sent.push_back(i % 7 == 3   ? "no"
                   : i % 5 == 2 ? "old"
                                : "m" + std::to_string(i));
    codes.push_back(sent.back() == "no" ? message_illegal : 0);
    if (sent.back() != "no")
      kept.push_back(sent.back() == "old" ? "new" : sent.back());
  }
  CHECK(send_all(client, "in", sent) == codes);
  CHECK(bodies(node, "in") == std::vector(kept.begin(), kept.begin() + 32));
  auto seen = report(node, "judge");
  CHECK(seen.intercepted == 60);
  CHECK(seen.rejected == 9);
}

TEST_CASE("intercept: what one of many fails at is refused or let in, the "
          "others wait") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  auto spec = judge_of("in", {{"on_failure", "accept"}});
  REQUIRE(ask<custom_changed>(node, spawn_custom{spec}));
  // All in one batch, or in several: none is refused, none is lost.
  auto codes = send_all(client, "in", {"a", "b", "throw", "c", "d"});
  CHECK(codes == std::vector<int>(5, 0));
  CHECK(bodies(node, "in")
        == std::vector<std::string>{"a", "b", "throw", "c", "d"});
}

TEST_CASE("intercept: many pass several one after the other") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  for (const std::string name : {"b", "a"})
    REQUIRE(ask<custom_changed>(
      node, spawn_custom{{name, "judge", {{"topic", "i*"}}}}));
  std::vector<std::string> sent;
  for (int i = 0; i < 32; ++i)
    sent.push_back("m" + std::to_string(i));
  CHECK(send_all(client, "in", sent) == std::vector<int>(32, 0));
  CHECK(bodies(node, "in") == sent);
  CHECK(report(node, "a").intercepted == 32);
  CHECK(report(node, "b").intercepted == 32);
}

TEST_CASE("intercept: a topic that was deleted meanwhile is made again") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  test::client other{node.broker_port()};
  make_topic(client, "in");
  REQUIRE(ask<custom_changed>(node, spawn_custom{judge_of("in")}));
  send_nap(client);
  REQUIRE(other
            .call(test::request(remoting::request_code::delete_topic_in_broker,
                                {{"topic", "in"}}))
            .code
          == 0);
  auto answer = client.receive();
  REQUIRE(answer);
  CHECK(answer->code == 0);
  CHECK(bodies(node, "in") == std::vector<std::string>{"nap"});
}

TEST_CASE("intercept: what waits when it ends goes by its policy") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  auto policy = GENERATE(as<std::string>{}, "reject", "accept");
  CAPTURE(policy);
  REQUIRE(ask<custom_changed>(
    node, spawn_custom{judge_of("in", {{"on_failure", policy}})}));
  make_topic(client, "other");
  send_nap(client);
  client.send(keyed_send_of("in", "x")); // waits while the first is judged
  auto behind = send_of("other", 0, "y");
  behind.opaque = 8;
  client.send(behind);
  auto overtaken = client.receive(); // so the gateway has x
  REQUIRE(overtaken);
  CHECK(overtaken->opaque == 8);
  REQUIRE(ask<custom_changed>(node, unspawn_custom{"judge"}));
  for (int i = 0; i < 2; ++i) {
    auto answer = client.receive();
    REQUIRE(answer);
    CHECK(answer->code == (policy == "accept" ? 0 : system_busy));
  }
  CHECK(bodies(node, "in").size() == (policy == "accept" ? 2 : 0));
}

TEST_CASE("intercept: one that is paused is as one that fails, also after a "
          "restart") {
  scratch home;
  {
    node node{options_in(home / "data")};
    client client{node.broker_port()};
    make_topic(client, "in");
    REQUIRE(ask<custom_changed>(node, spawn_custom{judge_of("in")}));
    REQUIRE(ask<custom_changed>(node, suspend_custom{"judge"}));
    auto answer = client.call(keyed_send_of("in", "yes"));
    CHECK(answer.code == system_busy);
    CHECK(answer.remark.find("it is paused") != std::string::npos);
    CHECK(report(node, "judge").paused);
    CHECK(value(node, "judge", "any") == "0"); // questions are answered
    node.stop();
  }
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  CHECK(report(node, "judge").paused);
  CHECK(client.call(keyed_send_of("in", "yes")).code == system_busy);
  REQUIRE(ask<custom_changed>(node, suspend_custom{"judge", false}));
  CHECK(client.call(keyed_send_of("in", "yes")).code == 0);
  CHECK(client.call(keyed_send_of("in", "no")).code == message_illegal);
  CHECK_FALSE(report(node, "judge").paused);
  CHECK(refusal<custom_changed>(node, suspend_custom{"nobody"})
          .starts_with("no custom actor is called `nobody`"));
}

TEST_CASE("intercept: one of the configuration stays paused, and goes with "
          "it") {
  scratch home;
  auto options = options_in(home / "data");
  options.custom.specs = {judge_of("in")};
  auto lives = [&](const cast_options& with, bool pauses) {
    node node{with};
    auto list = ask<custom_list>(node, list_custom{});
    REQUIRE(list);
    auto paused = !list->actors.empty() && list->actors[0].paused;
    if (pauses)
      CHECK(ask<custom_changed>(node, suspend_custom{"judge"}));
    node.stop();
    return std::pair{list->actors.size(), paused};
  };
  CHECK(lives(options, true) == std::pair{std::size_t{1}, false});
  CHECK(lives(options, false) == std::pair{std::size_t{1}, true});
  CHECK(lives(options_in(home / "data"), false)
        == std::pair{std::size_t{0}, false});
}
