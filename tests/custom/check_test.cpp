/// Transactions whose ends a custom actor knows.
#include "custom/actors.hpp"
#include "custom/running.hpp"

#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

using namespace troupe;
using namespace troupe::test;
using remoting::request_code;

namespace {

/// A node that asks soon.
cast_options impatient(const std::string& directory) {
  auto options = options_in(directory);
  options.transactions = {100, 200, 5, 3'600'000};
  return options;
}

const custom_spec responder{"oracle", "clerk", {{"checks", "PG"}}};

/// A half message of a producer that says no more.
void prepare(client& client, const std::string& body,
             const std::string& group = "PG") {
  REQUIRE(client
            .call(send_of("in", 0, body,
                          "TRAN_MSG\x01true\x02PGROUP\x01" + group
                            + "\x02UNIQ_KEY\x01key-" + body + "\x02KEYS\x01k-"
                            + body + "\x02"))
            .code
          == 0);
}

transaction_report report_of(node& node) {
  caf::scoped_actor self{node.system()};
  transaction_report result;
  self->request(node.cast().transactions, 5s, describe_transactions{})
    .receive([&](const transaction_report& x) { result = x; },
             [](const caf::error& e) { FAIL(describe(e)); });
  return result;
}

} // namespace

TEST_CASE("check: a custom actor says how transactions ended, durably") {
  scratch home;
  node node{impatient(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  REQUIRE(ask<custom_changed>(node, spawn_custom{responder}));
  prepare(client, "yes");
  prepare(client, "no");
  REQUIRE(eventually([&] { return report_of(node).open == 0; }));
  CHECK(bodies(node, "in") == std::vector<std::string>{"yes"});
  auto ended = report_of(node);
  CHECK(ended.committed == 1);
  CHECK(ended.rolled_back == 1);
  CHECK(ended.responded == 2);
  CHECK(ended.unasked == 0);
  CHECK(value(node, "oracle", "checked in yes") == "1");
  auto seen = report(node, "oracle");
  CHECK(seen.checked == 2);
  CHECK(seen.decided == 2);
}

TEST_CASE("check: what it does not know, fails at or has not is a producer's") {
  scratch home;
  node node{impatient(home / "data")};
  client client{node.broker_port()};
  test::client producer{node.broker_port()};
  make_topic(client, "in");
  REQUIRE(ask<custom_changed>(node, spawn_custom{responder}));
  auto group = std::string{"PG"};
  auto body = std::string{"perhaps"};
  SECTION("unknown") {}
  SECTION("it throws") {
    body = "throw";
  }
  SECTION("another producer group") {
    group = "other";
    body = "yes";
  }
  REQUIRE(producer
            .call(request(request_code::heart_beat, {},
                          R"({"clientID":"c","consumerDataSet":[],)"
                          R"("producerDataSet":[{"groupName":")"
                            + group + R"("}]})"))
            .code
          == 0);
  prepare(client, body, group);
  auto check = producer.receive();
  REQUIRE(check);
  CHECK(check->code
        == static_cast<std::int32_t>(request_code::check_transaction_state));
  CHECK(bodies(node, "in").empty());
  CHECK(report_of(node).responded == 0);
}

TEST_CASE("check: one that was ended is asked no more") {
  scratch home;
  node node{impatient(home / "data")};
  client client{node.broker_port()};
  make_topic(client, "in");
  REQUIRE(ask<custom_changed>(node, spawn_custom{responder}));
  REQUIRE(ask<custom_changed>(node, unspawn_custom{"oracle"}));
  prepare(client, "yes");
  REQUIRE(eventually([&] { return report_of(node).unasked > 0; }));
  CHECK(report_of(node).open == 1);
}

TEST_CASE("check: the example, with outcomes from a topic") {
  scratch home;
  auto options = impatient(home / "data");
  options.custom.plugins = {std::string{TROUPE_TEST_PLUGINS}
                            + "/check_responder.so"};
  options.custom.specs = {
    {"payments",
     "check_responder",
     {{"group", "PG"}, {"outcomes", "ledger"}, {"backoff_ms", "1"}}}};
  node node{options};
  client client{node.broker_port()};
  make_topic(client, "in");
  make_topic(client, "ledger");
  prepare(client, "a");
  prepare(client, "b");
  REQUIRE(client.call(send_of("ledger", 0, "commit", "KEYS\x01k-b\x02")).code
          == 0);
  REQUIRE(client.call(send_of("ledger", 0, "roll_back", "KEYS\x01k-a\x02")).code
          == 0);
  REQUIRE(eventually([&] { return report_of(node).open == 0; }));
  CHECK(bodies(node, "in") == std::vector<std::string>{"b"});
}
