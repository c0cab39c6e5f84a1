/// Pulls whose messages a custom actor judges.
#include "custom/actors.hpp"
#include "custom/running.hpp"

#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

using namespace troupe;
using namespace troupe::test;
using remoting::request_code;

namespace {

constexpr int system_busy = 2;
constexpr int retry_immediately = 20;

custom_spec filter_of(custom::fields more = {}) {
  custom_spec spec{"sieve", "clerk", {{"filters", "in"}, {"backoff_ms", "1"}}};
  for (auto& x : more)
    spec.arguments.push_back(std::move(x));
  return spec;
}

void send_all(client& client, const std::vector<std::string>& all) {
  for (const auto& body : all)
    REQUIRE(client.call(send_of("in", 0, body)).code == 0);
}

} // namespace

TEST_CASE("delivery: who gets what is decided by message and group") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  send_all(client, {"a", "for others", "b", "c", "for others"});
  REQUIRE(ask<custom_changed>(node, spawn_custom{filter_of()}));
  auto found = client.call(pull_of("some", "in", 0, 0));
  CHECK(bodies_of(found) == std::vector<std::string>{"a", "b", "c"});
  CHECK(found.field("nextBeginOffset") == "5");
  CHECK(bodies_of(client.call(pull_of("others", "in", 0, 0))).size() == 5);
  // None is left: the client goes on behind them.
  auto none = client.call(pull_of("some", "in", 0, 4));
  CHECK(none.code == retry_immediately);
  CHECK(none.field("nextBeginOffset") == "5");
  auto seen = report(node, "sieve");
  CHECK(seen.filtered == 11);
  CHECK(seen.withheld == 3);
  REQUIRE(ask<custom_changed>(node, unspawn_custom{"sieve"}));
  CHECK(bodies_of(client.call(pull_of("some", "in", 0, 0))).size() == 5);
}

TEST_CASE("delivery: a pull that waits is judged, also by a filter that comes "
          "after it") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  test::client waiting{node.broker_port()};
  make_topic(client, "in");
  send_all(client, {"a"});
  auto spawn_first = GENERATE(true, false);
  CAPTURE(spawn_first);
  if (spawn_first)
    REQUIRE(ask<custom_changed>(node, spawn_custom{filter_of()}));
  auto pull = pull_of("some", "in", 0, 1, 10'000);
  pull.opaque = 9;
  waiting.send(pull);
  CHECK_FALSE(waiting.receive(100ms));
  if (!spawn_first)
    REQUIRE(ask<custom_changed>(node, spawn_custom{filter_of()}));
  send_all(client, {"for others"});
  auto answer = waiting.receive();
  REQUIRE(answer);
  CHECK(answer->code == retry_immediately);
  CHECK(answer->field("nextBeginOffset") == (spawn_first ? "2" : "1"));
}

TEST_CASE("delivery: what cannot be judged is pulled again, or let through") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  send_all(client, {"a", "throw"});
  SECTION("reject") {
    REQUIRE(ask<custom_changed>(node, spawn_custom{filter_of()}));
    auto answer = client.call(pull_of("some", "in", 0, 0));
    CHECK(answer.code == system_busy);
    CHECK(answer.remark
          == "delivery filter `sieve` cannot judge: cannot judge; pull again "
             "in some seconds");
    CHECK(report(node, "sieve").state != custom_state::silent);
  }
  SECTION("accept") {
    REQUIRE(ask<custom_changed>(
      node, spawn_custom{filter_of({{"on_failure", "accept"}})}));
    CHECK(bodies_of(client.call(pull_of("some", "in", 0, 0)))
          == std::vector<std::string>{"a", "throw"});
  }
}

TEST_CASE("delivery: a filter that does not answer holds up nobody else") {
  scratch home;
  node node{options_in(home / "data")};
  client slow{node.broker_port()};
  client quick{node.broker_port()};
  make_topic(slow, "in");
  make_topic(slow, "other");
  send_all(slow, {"sleep"});
  REQUIRE(quick.call(send_of("other", 0, "x")).code == 0);
  REQUIRE(ask<custom_changed>(
    node, spawn_custom{filter_of({{"deadline_ms", "200"}})}));
  auto pull = pull_of("some", "in", 0, 0);
  pull.opaque = 77;
  slow.send(pull);
  auto began = std::chrono::steady_clock::now();
  CHECK(bodies_of(quick.call(pull_of("some", "other", 0, 0))).size() == 1);
  CHECK(std::chrono::steady_clock::now() - began < 1s);
  auto answer = slow.receive();
  REQUIRE(answer);
  CHECK(answer->code == system_busy);
  CHECK(answer->remark.find("has not answered in time") != std::string::npos);
}

TEST_CASE("delivery: two filters, one after the other") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  send_all(client, {"a", "for others", "b"});
  auto second = filter_of({{"groups", "so*"}});
  second.name = "finer";
  REQUIRE(ask<custom_changed>(node, spawn_custom{filter_of()}));
  REQUIRE(ask<custom_changed>(node, spawn_custom{second}));
  CHECK(bodies_of(client.call(pull_of("some", "in", 0, 0)))
        == std::vector<std::string>{"a", "b"});
  CHECK(report(node, "finer").filtered == 3);
  CHECK(report(node, "sieve").filtered == 2);
}

TEST_CASE("delivery: pops of what is filtered are refused") {
  scratch home;
  node node{options_in(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  send_all(client, {"a"});
  REQUIRE(
    ask<custom_changed>(node, spawn_custom{filter_of({{"groups", "so*"}})}));
  auto pop_of = [](const std::string& group) {
    return request(request_code::pop_message, {{"consumerGroup", group},
                                               {"topic", "in"},
                                               {"queueId", "0"},
                                               {"maxMsgNums", "8"},
                                               {"invisibleTime", "30000"},
                                               {"pollTime", "0"},
                                               {"bornTime", "0"},
                                               {"initMode", "0"}});
  };
  auto refused = client.call(pop_of("some"));
  CHECK(refused.code != 0);
  CHECK(refused.remark.find("custom actor `sieve` filters")
        != std::string::npos);
  CHECK(client.call(pop_of("all")).code == 0);
}
