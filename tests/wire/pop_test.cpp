/// Popping, acknowledging, coming again, waiting; also after a restart.
#include "storage/record.hpp"

#include "troupe/model/lease.hpp"
#include "troupe/model/properties.hpp"

#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

#include <set>

using namespace troupe;
using namespace troupe::remoting;
using namespace std::chrono_literals;

namespace {

std::int32_t code(response_code x) {
  return static_cast<std::int32_t>(x);
}

struct popped {
  std::string body;
  std::string topic;
  std::int32_t tries = 0;
  std::string properties;
  pop_receipt receipt;
};

/// The numbers of `r q a,b;...` of one source and queue.
std::string info_of(const std::string& text, const std::string& head) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    auto end = std::min(text.find(';', begin), text.size());
    auto item = text.substr(begin, end - begin);
    if (item.starts_with(head + " "))
      return item.substr(head.size() + 1);
    begin = end + 1;
  }
  return {};
}

/// Messages with their receipts, made as RocketMQ's client makes them.
std::vector<popped> messages_of(const command& answer) {
  std::vector<popped> result;
  auto bytes = answer.body.view();
  while (!bytes.empty()) {
    auto record = storage::decode_record(bytes, storage::record_check::crc);
    REQUIRE(record);
    bytes.remove_prefix(record->size);
    popped x{std::string{record->body},
             std::string{record->topic},
             record->reconsume_times,
             std::string{record->properties},
             {}};
    auto own = properties::find(record->properties, properties::pop_receipt);
    if (own.empty()) {
      auto head = "0 " + std::to_string(record->queue.value);
      auto start = info_of(std::string{answer.field("startOffsetInfo")}, head);
      auto all = info_of(std::string{answer.field("msgOffsetInfo")}, head);
      REQUIRE_FALSE(start.empty());
      auto offset = std::to_string(record->offset.value);
      CHECK(("," + all + ",").find("," + offset + ",") != std::string::npos);
      own = {};
      auto receipt =
        parse_receipt(start + " " + std::string{answer.field("popTime")} + " "
                      + std::string{answer.field("invisibleTime")} + " "
                      + std::string{answer.field("reviveQid")} + " 0 broker-a "
                      + std::to_string(record->queue.value) + " " + offset);
      REQUIRE(receipt);
      x.receipt = *receipt;
    } else {
      auto receipt = parse_receipt(own);
      REQUIRE(receipt);
      x.receipt = *receipt;
    }
    result.push_back(std::move(x));
  }
  return result;
}

std::multiset<std::string> bodies_of(const std::vector<popped>& messages) {
  std::multiset<std::string> bodies;
  for (const auto& x : messages)
    bodies.insert(x.body);
  return bodies;
}

struct pop_options_of_test {
  int queue = -1;
  int count = 32;
  std::int64_t invisible_ms = 60000;
  std::int64_t poll_ms = 0;
  bool in_order = false;
  std::string attempt;
  std::string expression = "*";
  std::string type = "TAG";
  int init = 0;
};

command pop_of(const std::string& group, const std::string& topic,
               const pop_options_of_test& x = {}) {
  return test::request(request_code::pop_message,
                       {{"consumerGroup", group},
                        {"topic", topic},
                        {"queueId", std::to_string(x.queue)},
                        {"maxMsgNums", std::to_string(x.count)},
                        {"invisibleTime", std::to_string(x.invisible_ms)},
                        {"pollTime", std::to_string(x.poll_ms)},
                        {"bornTime", std::to_string(now_ms().value)},
                        {"initMode", std::to_string(x.init)},
                        {"expType", x.type},
                        {"exp", x.expression},
                        {"order", x.in_order ? "true" : "false"},
                        {"attemptId", x.attempt}});
}

command receipt_of(request_code what, const std::string& group,
                   const std::string& topic, const popped& x,
                   std::int64_t invisible_ms = 0) {
  auto real = x.receipt.source == 1 ? "%RETRY%" + group + "_" + topic : topic;
  test::fields values{{"consumerGroup", group},
                      {"topic", real},
                      {"queueId", std::to_string(x.receipt.queue.value)},
                      {"offset", std::to_string(x.receipt.offset.value)},
                      {"extraInfo", to_string(x.receipt)}};
  if (what == request_code::change_message_invisibletime)
    values.emplace_back("invisibleTime", std::to_string(invisible_ms));
  return test::request(what, values);
}

command ack_of(const std::string& group, const std::string& topic,
               const popped& x) {
  return receipt_of(request_code::ack_message, group, topic, x);
}

void fill(test::client& client, const std::string& topic, int count,
          const std::string& prefix = "m") {
  for (int i = 0; i < count; ++i)
    REQUIRE(client
              .call(test::send_of(topic, i % 4, prefix + std::to_string(i),
                                  std::string("TAGS\x01") + "AB"[i % 2]
                                    + "\x02KEYS\x01k\x02"))
              .code
            == 0);
}

/// Pops until `count` have come, then as long as something comes at once.
std::vector<popped> pop_all(test::client& client, const std::string& group,
                            const std::string& topic, std::size_t count,
                            pop_options_of_test options = {}) {
  std::vector<popped> all;
  for (;;) {
    options.poll_ms = all.size() < count ? 10000 : 150;
    auto answer = client.call(pop_of(group, topic, options));
    if (answer.code != 0)
      return all;
    for (auto& x : messages_of(answer))
      all.push_back(std::move(x));
  }
}

/// Whether nothing comes for a while.
bool stays_empty(test::client& client, const std::string& group,
                 const std::string& topic, std::chrono::milliseconds wait) {
  return client.call(pop_of(group, topic, {.poll_ms = wait.count()})).code != 0;
}

} // namespace

TEST_CASE("a message is popped once, and gone when it is acknowledged") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  fill(client, "T", 10);
  auto answer = client.call(pop_of("G", "T", {.count = 4}));
  REQUIRE(answer.code == 0);
  CHECK(answer.remark == "FOUND");
  auto first = messages_of(answer);
  CHECK(first.size() == 4);
  CHECK(answer.field("restNum") != "");
  CHECK(answer.field("invisibleTime") == "60000");
  auto second = messages_of(client.call(pop_of("G", "T")));
  CHECK(second.size() == 6);
  auto all = bodies_of(first);
  all.merge(bodies_of(second));
  CHECK(all.size() == 10);
  CHECK(std::set<std::string>(all.begin(), all.end()).size() == 10);
  auto none = client.call(pop_of("G", "T"));
  CHECK(none.code == code(response_code::polling_timeout));
  CHECK(none.remark == "NO_MESSAGE_IN_QUEUE");
  for (const auto& x : first)
    CHECK(client.call(ack_of("G", "T", x)).code == 0);
  // Once more: it is known no longer, and content.
  CHECK(client.call(ack_of("G", "T", first[0])).code == 0);
  // Another group has its own.
  CHECK(messages_of(client.call(pop_of("H", "T"))).size() == 10);
}

TEST_CASE("what is not acknowledged comes again, marked as tried once more") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  fill(client, "T", 8);
  auto first =
    messages_of(client.call(pop_of("G", "T", {.invisible_ms = 1500})));
  REQUIRE(first.size() == 8);
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(client.call(ack_of("G", "T", first[i])).code == 0);
  auto again = pop_all(client, "G", "T", 3);
  REQUIRE(again.size() == 3);
  CHECK(bodies_of(again) == bodies_of({first.begin() + 5, first.end()}));
  for (const auto& x : again) {
    CHECK(x.topic == "T");
    CHECK(x.tries == 1);
    CHECK(x.receipt.source == 1);
    CHECK(properties::find(x.properties, properties::first_pop_time)
          == std::to_string(first[5].receipt.pop_time.value));
    CHECK(properties::find(x.properties, properties::keys) == "k");
    CHECK(client.call(ack_of("G", "T", x)).code == 0);
  }
  CHECK(stays_empty(client, "G", "T", 300ms));
}

TEST_CASE("a message tried too often ends as a dead letter") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  REQUIRE(
    client
      .call(test::request(request_code::update_and_create_subscriptiongroup, {},
                          R"({"groupName":"G","retryMaxTimes":2})"))
      .code
    == 0);
  fill(client, "T", 1);
  auto tries = pop_all(client, "G", "T", 3, {.invisible_ms = 100});
  REQUIRE(tries.size() == 3);
  CHECK(tries[2].tries == 2);
  auto dead = client.call(test::pull_of("D", "%DLQ%G", 0, 0));
  for (int i = 0; i < 250 && dead.code != 0; ++i) {
    ::usleep(20000);
    dead = client.call(test::pull_of("D", "%DLQ%G", 0, 0));
  }
  REQUIRE(dead.code == 0);
  auto letters =
    storage::decode_record(dead.body.view(), storage::record_check::crc);
  REQUIRE(letters);
  CHECK(letters->body == "m0");
  CHECK(properties::find(letters->properties, properties::dlq_origin_topic)
        == "T");
}

TEST_CASE("a message that is put off comes when it was asked to") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  fill(client, "T", 2);
  auto first = messages_of(client.call(pop_of("G", "T")));
  REQUIRE(first.size() == 2);
  CHECK(client.call(ack_of("G", "T", first[0])).code == 0);
  auto changed = client.call(receipt_of(
    request_code::change_message_invisibletime, "G", "T", first[1], 400));
  REQUIRE(changed.code == 0);
  CHECK(changed.field("invisibleTime") == "400");
  CHECK(changed.field("popTime") != "");
  CHECK(changed.field("reviveQid")
        == std::to_string(first[1].receipt.revive_queue));
  auto again = pop_all(client, "G", "T", 1);
  CHECK(bodies_of(again) == bodies_of({first[1]}));
}

TEST_CASE("a message put off is acknowledged by its new receipt") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  fill(client, "T", 1);
  auto first = messages_of(client.call(pop_of("G", "T")));
  REQUIRE(first.size() == 1);
  auto changed = client.call(receipt_of(
    request_code::change_message_invisibletime, "G", "T", first[0], 1500));
  REQUIRE(changed.code == 0);
  // The client replaces three of the receipt's fields, not its start.
  auto fresh = first[0];
  fresh.receipt.pop_time = {std::stoll(std::string{changed.field("popTime")})};
  fresh.receipt.invisible_ms = 1500;
  CHECK(client.call(ack_of("G", "T", fresh)).code == 0);
  CHECK(stays_empty(client, "G", "T", 2000ms));
}

TEST_CASE("a pop that waits is woken by a message, or told that none came") {
  test::scratch home;
  test::node node{home / "data"};
  test::client sender{node.broker_port()};
  test::client waiter{node.broker_port()};
  fill(sender, "T", 4);
  REQUIRE(messages_of(waiter.call(pop_of("G", "T"))).size() == 4);
  auto ask = pop_of("G", "T", {.poll_ms = 10000});
  ask.opaque = 77;
  waiter.send(ask);
  CHECK_FALSE(waiter.receive(200ms));
  auto info = sender.call(
    test::request(request_code::polling_info,
                  {{"consumerGroup", "G"}, {"topic", "T"}, {"queueId", "-1"}}));
  CHECK(info.field("pollingNum") == "1");
  fill(sender, "T", 1, "late");
  auto answer = waiter.receive(2s);
  REQUIRE(answer);
  CHECK(answer->opaque == 77);
  CHECK(bodies_of(messages_of(*answer)) == std::multiset<std::string>{"late0"});
  auto none = waiter.call(pop_of("G", "T", {.poll_ms = 300}));
  CHECK(none.code == code(response_code::polling_timeout));
}

TEST_CASE("several pops wait, each message goes to one of them") {
  test::scratch home;
  test::node node{home / "data"};
  test::client sender{node.broker_port()};
  test::client one{node.broker_port()};
  test::client two{node.broker_port()};
  fill(sender, "T", 4);
  REQUIRE(messages_of(one.call(pop_of("G", "T"))).size() == 4);
  one.send(pop_of("G", "T", {.count = 1, .poll_ms = 10000}));
  two.send(pop_of("G", "T", {.count = 1, .poll_ms = 10000}));
  CHECK_FALSE(two.receive(100ms));
  fill(sender, "T", 2, "x");
  auto first = one.receive(2s);
  auto second = two.receive(2s);
  REQUIRE(first);
  REQUIRE(second);
  auto both = bodies_of(messages_of(*first));
  both.merge(bodies_of(messages_of(*second)));
  CHECK(both == std::multiset<std::string>{"x0", "x1"});
}

TEST_CASE("a pop that waits ends with its connection") {
  test::scratch home;
  test::node node{home / "data"};
  test::client sender{node.broker_port()};
  fill(sender, "T", 4);
  REQUIRE(messages_of(sender.call(pop_of("G", "T"))).size() == 4);
  {
    test::client gone{node.broker_port()};
    gone.send(pop_of("G", "T", {.poll_ms = 20000}));
    CHECK_FALSE(gone.receive(200ms));
  }
  auto count = [&] {
    auto answer = sender.call(test::request(
      request_code::polling_info,
      {{"consumerGroup", "G"}, {"topic", "T"}, {"queueId", "-1"}}));
    return std::string{answer.field("pollingNum")};
  };
  for (int i = 0; i < 50 && count() != "0"; ++i)
    ::usleep(20000);
  CHECK(count() == "0");
  fill(sender, "T", 1, "alive");
  CHECK(messages_of(sender.call(pop_of("G", "T"))).size() == 1);
}

TEST_CASE("leases and progress outlive the node") {
  test::scratch home;
  std::vector<popped> first;
  {
    test::node node{home / "data"};
    test::client client{node.broker_port()};
    fill(client, "T", 6);
    first = messages_of(
      client.call(pop_of("G", "T", {.count = 4, .invisible_ms = 2000})));
    REQUIRE(first.size() == 4);
    CHECK(client.call(ack_of("G", "T", first[0])).code == 0);
  }
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  // Those of the lease are still lent: only the two others are there.
  auto rest = messages_of(client.call(pop_of("G", "T")));
  CHECK(rest.size() == 2);
  CHECK(client.call(ack_of("G", "T", first[1])).code == 0);
  auto again = pop_all(client, "G", "T", 2);
  CHECK(bodies_of(again) == bodies_of({first[2], first[3]}));
}

TEST_CASE("only wanted tags are popped; the others are passed over for good") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  fill(client, "T", 20);
  auto found = pop_all(client, "G", "T", 10, {.expression = "A"});
  CHECK(found.size() == 10);
  for (const auto& x : found)
    CHECK(properties::find(x.properties, properties::tags) == "A");
  CHECK(stays_empty(client, "G", "T", 100ms));
}

TEST_CASE("a pop filters by SQL92, also while it waits, also in order") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  auto price = [&](test::client& sender, const std::string& value) {
    REQUIRE(
      sender
        .call(test::send_of("T", 0, "m" + value, "price\x01" + value + "\x02"))
        .code
      == 0);
  };
  for (const auto* value : {"1", "20", "3", "40", "5"})
    price(client, value);
  pop_options_of_test wish{.queue = 0,
                           .expression = "price > 10 AND price IS NOT NULL",
                           .type = "SQL92"};
  SECTION("a pop takes what matches, and for good") {
    auto found = messages_of(client.call(pop_of("G", "T", wish)));
    CHECK(bodies_of(found) == std::multiset<std::string>{"m20", "m40"});
    wish.expression = "price > 0";
    CHECK(client.call(pop_of("G", "T", wish)).code
          == code(response_code::polling_timeout));
  }
  SECTION("one that waits is answered with what matches") {
    REQUIRE(messages_of(client.call(pop_of("G", "T", wish))).size() == 2);
    test::client waiter{node.broker_port()};
    wish.poll_ms = 10000;
    waiter.send(pop_of("G", "T", wish));
    price(client, "6");
    CHECK_FALSE(waiter.receive(150ms));
    price(client, "60");
    auto answer = waiter.receive(2s);
    REQUIRE(answer);
    CHECK(bodies_of(messages_of(*answer)) == std::multiset<std::string>{"m60"});
  }
  SECTION("in order, what does not match is no gap") {
    wish.in_order = true;
    wish.count = 1;
    for (const auto* offset : {"1", "3"}) {
      auto answer = client.call(pop_of("G", "T", wish));
      REQUIRE(answer.code == 0);
      CHECK(answer.field("msgOffsetInfo") == std::string{"0 0 "} + offset);
      auto found = messages_of(answer);
      REQUIRE(found.size() == 1);
      CHECK(client.call(pop_of("G", "T", wish)).code != 0);
      CHECK(client.call(ack_of("G", "T", found[0])).code == 0);
    }
    CHECK(client.call(pop_of("G", "T", wish)).code
          == code(response_code::polling_timeout));
  }
  SECTION("what failed comes again to whoever filters") {
    wish.invisible_ms = 100;
    REQUIRE(messages_of(client.call(pop_of("G", "T", wish))).size() == 2);
    wish.queue = -1;
    wish.invisible_ms = 60000;
    auto again = pop_all(client, "G", "T", 2, wish);
    REQUIRE(again.size() == 2);
    CHECK(again.front().tries == 1);
  }
  SECTION("one that cannot be read is refused with its place") {
    wish.expression = "price > ";
    auto answer = client.call(pop_of("G", "T", wish));
    CHECK(answer.code == code(response_code::subscription_parse_failed));
    CHECK(answer.remark.find("position") != std::string::npos);
  }
}

TEST_CASE("peeking and waiting for a notice take nothing") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  fill(client, "T", 4);
  auto peek = test::request(request_code::peek_message, {{"consumerGroup", "G"},
                                                         {"topic", "T"},
                                                         {"queueId", "0"},
                                                         {"maxMsgNums", "4"}});
  auto notice = [&](int poll_ms) {
    return client.call(
      test::request(request_code::notification,
                    {{"consumerGroup", "G"},
                     {"topic", "T"},
                     {"queueId", "-1"},
                     {"pollTime", std::to_string(poll_ms)},
                     {"bornTime", std::to_string(now_ms().value)}}));
  };
  CHECK(notice(1000).field("hasMsg") == "true");
  auto seen = client.call(peek);
  CHECK(seen.code == 0);
  CHECK_FALSE(seen.body.view().empty());
  auto again = client.call(peek);
  CHECK(again.body.view() == seen.body.view());
  CHECK(messages_of(client.call(pop_of("G", "T"))).size() == 4);
  CHECK(client.call(peek).code == code(response_code::pull_not_found));
  CHECK(notice(200).field("hasMsg") == "false");
}

TEST_CASE("popped in order, a queue goes on when its messages are done") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  for (int i = 0; i < 6; ++i)
    REQUIRE(client.call(test::send_of("T", 0, "m" + std::to_string(i))).code
            == 0);
  pop_options_of_test in_order{.queue = 0, .count = 2, .in_order = true};
  auto answer = client.call(pop_of("G", "T", in_order));
  REQUIRE(answer.code == 0);
  CHECK(answer.field("reviveQid") == "999");
  CHECK(answer.field("startOffsetInfo") == "0 0 0");
  CHECK(answer.field("msgOffsetInfo") == "0 0 0,1");
  CHECK(answer.field("orderCountInfo") == "0 0 0");
  auto first = messages_of(answer);
  CHECK(client.call(pop_of("G", "T", in_order)).code
        == code(response_code::polling_timeout));
  CHECK(client.call(ack_of("G", "T", first[0])).code == 0);
  CHECK(client.call(pop_of("G", "T", in_order)).code
        == code(response_code::polling_timeout));
  // One that waits goes on when the last one is acknowledged.
  test::client waiter{node.broker_port()};
  auto waits = in_order;
  waits.poll_ms = 10000;
  waiter.send(pop_of("G", "T", waits));
  CHECK_FALSE(waiter.receive(100ms));
  CHECK(client.call(ack_of("G", "T", first[1])).code == 0);
  auto next = waiter.receive(2s);
  REQUIRE(next);
  CHECK(next->field("msgOffsetInfo") == "0 0 2,3");
}

TEST_CASE("popped in order, what is not acknowledged comes again in place") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  for (int i = 0; i < 4; ++i)
    REQUIRE(client.call(test::send_of("T", 0, "m" + std::to_string(i))).code
            == 0);
  pop_options_of_test in_order{
    .queue = 0, .count = 2, .invisible_ms = 300, .in_order = true};
  auto first = messages_of(client.call(pop_of("G", "T", in_order)));
  REQUIRE(first.size() == 2);
  CHECK(client.call(ack_of("G", "T", first[0])).code == 0);
  in_order.poll_ms = 3000;
  auto again = client.call(pop_of("G", "T", in_order));
  REQUIRE(again.code == 0);
  CHECK(again.field("msgOffsetInfo") == "0 0 1,2");
  CHECK(again.field("orderCountInfo") == "0 qo0%1 1;0 0 0");
}

TEST_CASE("a pop that asks too much or too late is told so") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  fill(client, "T", 1);
  CHECK(client.call(pop_of("G", "T", {.count = 33})).code
        == code(response_code::invalid_parameter));
  CHECK(client.call(pop_of("G", "Unknown")).code
        == code(response_code::topic_not_exist));
  CHECK(client.call(pop_of("G", "T", {.queue = 77})).code
        == code(response_code::invalid_parameter));
  CHECK(client.call(pop_of("G", "T", {.expression = "||"})).code
        == code(response_code::subscription_parse_failed));
  auto late = pop_of("G", "T");
  for (auto& [name, value] : late.fields)
    if (name == "bornTime")
      value = "1700000000000";
  CHECK(client.call(late).code == code(response_code::polling_timeout));
  auto found = messages_of(client.call(pop_of("G", "T")));
  REQUIRE(found.size() == 1);
  auto beyond = found[0];
  beyond.receipt.offset = {999};
  CHECK(client.call(ack_of("G", "T", beyond)).code
        == code(response_code::no_message));
}

TEST_CASE("a request mode needs its topic, a batch its acknowledgements") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  auto set = [&](const std::string& topic) {
    return client
      .call(test::request(request_code::set_message_request_mode, {},
                          R"({"consumerGroup":"G","mode":"POP","topic":")"
                            + topic + R"("})"))
      .code;
  };
  CHECK(set("Unknown") == code(response_code::topic_not_exist));
  CHECK(set("%RETRY%G") == code(response_code::no_permission));
  for (const auto* body : {"", "{}", R"({"acks":[],"brokerName":"b"})"})
    CHECK(
      client.call(test::request(request_code::batch_ack_message, {}, body)).code
      == code(response_code::no_message));
}

TEST_CASE("a request mode is remembered and decides assignments") {
  test::scratch home;
  auto mode = test::request(
    request_code::set_message_request_mode, {},
    R"({"consumerGroup":"G","mode":"POP","popShareQueueNum":8,"topic":"T"})");
  {
    test::node node{home / "data"};
    test::client client{node.broker_port()};
    fill(client, "T", 1);
    CHECK(client.call(mode).code == 0);
  }
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  auto all =
    client.call(test::request(request_code::get_all_message_request_mode, {}));
  CHECK(all.body.view()
        == R"({"messageRequestModeMap":{"T":{"G":{"consumerGroup":"G",)"
           R"("mode":"POP","popShareQueueNum":8,"topic":"T"}}}})");
  auto heartbeat = test::request(
    request_code::heart_beat, {},
    R"({"clientID":"c1","consumerDataSet":[{"consumeFromWhere":)"
    R"("CONSUME_FROM_FIRST_OFFSET","consumeType":"CONSUME_PASSIVELY",)"
    R"("groupName":"G","messageModel":"CLUSTERING","subscriptionDataSet":)"
    R"([{"topic":"T","subString":"*","subVersion":1}]}],)"
    R"("producerDataSet":[]})");
  CHECK(client.call(heartbeat).code == 0);
  auto assigned = client.call(test::request(
    request_code::query_assignment, {},
    R"({"clientId":"c1","consumerGroup":"G","messageModel":"CLUSTERING",)"
    R"("strategyName":"AVG","topic":"T"})"));
  CHECK(assigned.code == 0);
  CHECK(assigned.body.view()
        == R"({"messageQueueAssignments":[{"messageQueue":{"brokerName":)"
           R"("broker-a","queueId":-1,"topic":"T"},"mode":"POP"}]})");
}

TEST_CASE("a deleted topic takes its retry topic along") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  fill(client, "T", 2);
  fill(client, "Other", 1);
  for (const auto* topic : {"T", "Other"})
    CHECK_FALSE(
      messages_of(client.call(pop_of("G", topic, {.invisible_ms = 100})))
        .empty());
  auto config_of = [&](const std::string& topic) {
    return client
      .call(test::request(request_code::get_topic_config, {{"topic", topic}}))
      .code;
  };
  for (int i = 0;
       i < 250 && config_of("%RETRY%G_T") + config_of("%RETRY%G_Other") != 0;
       ++i)
    ::usleep(20000);
  CHECK(config_of("%RETRY%G_T") == 0);
  CHECK(client
          .call(test::request(request_code::delete_topic_in_broker,
                              {{"topic", "T"}}))
          .code
        == 0);
  CHECK(config_of("%RETRY%G_T") == code(response_code::topic_not_exist));
  CHECK(config_of("%RETRY%G_Other") == 0);
}

TEST_CASE("a deleted topic takes its pops along") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  fill(client, "T", 3);
  REQUIRE(
    messages_of(client.call(pop_of("G", "T", {.invisible_ms = 200}))).size()
    == 3);
  CHECK(client
          .call(test::request(request_code::delete_topic_in_broker,
                              {{"topic", "T"}}))
          .code
        == 0);
  fill(client, "T", 1, "new");
  auto found = pop_all(client, "G", "T", 1);
  CHECK(bodies_of(found) == std::multiset<std::string>{"new0"});
  CHECK(stays_empty(client, "G", "T", 500ms));
}
