/// Transactions as a producer sees them, through sockets.
#include "storage/record.hpp"

#include "troupe/model/message_id.hpp"
#include "troupe/model/properties.hpp"

#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/records.hpp"
#include "support/scratch.hpp"

#include <caf/scoped_actor.hpp>

#include <set>
#include <thread>

using namespace troupe;
using namespace troupe::remoting;
using namespace std::chrono_literals;

namespace {

/// A node that asks soon.
cast_options impatient(const std::string& directory) {
  cast_options options;
  options.data_directory = directory;
  options.broker_name = "broker-a";
  options.transactions = {200, 300, 2, 3'600'000};
  return options;
}

struct half {
  std::string offset;
  std::string position;
  std::string id;
};

half prepare(test::client& client, const std::string& body,
             const std::string& more = {}) {
  auto answer = client.call(
    test::send_of("T", 1, body,
                  "TRAN_MSG\x01true\x02PGROUP\x01PG\x02UNIQ_KEY\x01key-" + body
                    + "\x02" + more));
  REQUIRE(answer.code == 0);
  CHECK(answer.field("queueId") == "1");
  CHECK(answer.field("transactionId") == "key-" + body);
  std::string id{answer.field("msgId")};
  auto position = position_of_message_id(id);
  REQUIRE(position);
  return {std::string{answer.field("queueOffset")},
          std::to_string(position->value), id};
}

command end_of(const half& which, int how, bool from_check = false,
               const std::string& group = "PG") {
  return test::request(request_code::end_transaction,
                       {{"producerGroup", group},
                        {"tranStateTableOffset", which.offset},
                        {"commitLogOffset", which.position},
                        {"commitOrRollback", std::to_string(how)},
                        {"fromTransactionCheck", from_check ? "true" : "false"},
                        {"msgId", which.id}});
}

constexpr int commit = 8;
constexpr int roll_back = 12;

/// All messages of a queue.
std::vector<std::string> bodies_of(test::client& client,
                                   const std::string& topic, int queue) {
  return test::bodies_of(client.call(test::pull_of("G", topic, queue, 0)));
}

void be_producer(test::client& client, const std::string& group = "PG") {
  auto answer = client.call(test::request(
    request_code::heart_beat, {},
    R"({"clientID":"c-)" + group + R"(","producerDataSet":[{"groupName":")"
      + group + R"("}],"consumerDataSet":[]})"));
  REQUIRE(answer.code == 0);
}

/// The next check request.
std::optional<command> next_check(test::client& client,
                                  std::chrono::milliseconds wait = 3s) {
  auto request = client.receive(wait);
  if (request)
    CHECK(request->code
          == static_cast<std::int32_t>(request_code::check_transaction_state));
  return request;
}

half half_of(const command& check) {
  return {std::string{check.field("tranStateTableOffset")},
          std::string{check.field("commitLogOffset")}, "x"};
}

} // namespace

TEST_CASE("what is committed is seen once, what is rolled back never") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  auto first = prepare(client, "a");
  auto second = prepare(client, "b");
  auto third = prepare(client, "c");
  CHECK(first.offset == "0");
  CHECK(third.offset == "2");
  CHECK(bodies_of(client, "T", 1).empty());
  CHECK(client.call(end_of(second, roll_back)).code == 0);
  CHECK(client.call(end_of(third, commit)).code == 0);
  CHECK(client.call(end_of(first, commit)).code == 0);
  CHECK(bodies_of(client, "T", 1) == std::vector<std::string>{"c", "a"});
  // Again, or the other way round: nothing happens.
  for (const auto& ended : {first, second, third})
    for (auto how : {commit, roll_back})
      CHECK(client.call(end_of(ended, how)).code == 1);
  CHECK(bodies_of(client, "T", 1) == std::vector<std::string>{"c", "a"});
  auto found = client.call(test::pull_of("G", "T", 1, 0));
  auto record =
    storage::decode_record(found.body.view(), storage::record_check::crc);
  REQUIRE(record);
  CHECK((record->sys_flag & storage::sys_flag_transaction)
        == storage::sys_flag_commit);
  CHECK(std::to_string(record->prepared_offset.value) == third.position);
  CHECK(record->topic == "T");
}

TEST_CASE("an end whose numbers are wrong is refused and changes nothing") {
  test::scratch home;
  auto options = impatient(home / "data");
  options.transactions.first_check_ms = 60'000;
  test::node node{options};
  test::client client{node.broker_port()};
  auto one = prepare(client, "a");
  auto two = prepare(client, "b",
                     "CHECK_IMMUNITY_TIME_IN_SECONDS\x01"
                     "1\x02");
  auto wrong = one;
  wrong.offset = "1";
  CHECK(client.call(end_of(wrong, commit)).code == 1);
  wrong = one;
  wrong.position = std::to_string(std::stoll(one.position) + 1);
  CHECK(client.call(end_of(wrong, commit)).code == 1);
  CHECK(client.call(end_of(one, commit, false, "Other")).code == 1);
  auto text = end_of(one, commit);
  text.fields[1].second = "x";
  CHECK(client.call(text).code != 0);
  // Unknown is not answered; what comes next is.
  client.send(end_of(one, 0));
  CHECK(bodies_of(client, "T", 1).empty());
  CHECK(client.call(end_of(one, commit)).code == 0);
  // Its own immunity time is over: only the answer to a check counts.
  std::this_thread::sleep_for(1100ms);
  auto late = client.call(end_of(two, commit));
  CHECK(late.code
        == static_cast<std::int32_t>(response_code::illegal_operation));
  CHECK(client.call(end_of(two, roll_back, true)).code == 0);
  CHECK(bodies_of(client, "T", 1) == std::vector<std::string>{"a"});
}

TEST_CASE("a producer of the group is asked, and its answer counts") {
  test::scratch home;
  test::node node{impatient(home / "data")};
  test::client sender{node.broker_port()};
  test::client other{node.broker_port()};
  be_producer(other);
  auto began = now_ms();
  auto one = prepare(sender, "a");
  auto check = next_check(other);
  REQUIRE(check);
  CHECK(now_ms() - began >= 200);
  CHECK(now_ms() - began < 1000);
  CHECK((check->flag & flag_oneway) != 0);
  CHECK(check->field("tranStateTableOffset") == one.offset);
  CHECK(check->field("commitLogOffset") == one.position);
  CHECK(check->field("msgId") == "key-a");
  CHECK(check->field("transactionId") == "key-a");
  CHECK(check->field("offsetMsgId") == one.id);
  CHECK(check->field("bname") == "broker-a");
  auto record =
    storage::decode_record(check->body.view(), storage::record_check::crc);
  REQUIRE(record);
  CHECK(record->topic == "T");
  CHECK(record->queue.value == 1);
  CHECK(record->body == "a");
  CHECK(properties::find(record->properties, "PGROUP") == "PG");
  CHECK(properties::find(record->properties, "TRANSACTION_CHECK_TIMES") == "1");
  auto again = next_check(other);
  REQUIRE(again);
  record =
    storage::decode_record(again->body.view(), storage::record_check::crc);
  CHECK(properties::find(record->properties, "TRANSACTION_CHECK_TIMES") == "2");
  CHECK(other.call(end_of(half_of(*again), commit, true)).code == 0);
  CHECK(bodies_of(sender, "T", 1) == std::vector<std::string>{"a"});
  CHECK_FALSE(next_check(other, 600ms));
}

TEST_CASE("a transaction of a group that is away does not delay another") {
  test::scratch home;
  test::node node{impatient(home / "data")};
  test::client client{node.broker_port()};
  be_producer(client, "Here");
  for (int i = 0; i < 300; ++i)
    prepare(client, "away" + std::to_string(i));
  auto began = now_ms();
  auto answer = client.call(
    test::send_of("T", 1, "here", "TRAN_MSG\x01true\x02PGROUP\x01Here\x02"));
  REQUIRE(answer.code == 0);
  auto check = next_check(client);
  REQUIRE(check);
  CHECK(now_ms() - began < 1000);
}

TEST_CASE("one that nobody decides is kept, and resumed on demand") {
  test::scratch home;
  test::node node{impatient(home / "data")};
  test::client client{node.broker_port()};
  be_producer(client);
  prepare(client, "a");
  REQUIRE(next_check(client));
  REQUIRE(next_check(client));
  CHECK_FALSE(next_check(client, 800ms)); // twice is the most
  auto kept =
    client.call(test::pull_of("G", "TRANS_CHECK_MAX_TIME_TOPIC", 0, 0));
  REQUIRE(kept.code == 0);
  auto record =
    storage::decode_record(kept.body.view(), storage::record_check::crc);
  REQUIRE(record);
  CHECK(record->body == "a");
  auto id = offset_message_id(record->store_host, record->position);
  auto resume =
    test::request(request_code::resume_check_half_message,
                  {{"topic", "TRANS_CHECK_MAX_TIME_TOPIC"}, {"msgId", id}});
  CHECK(client.call(resume).code == 0);
  CHECK(client.call(resume).code == 1); // once is enough
  auto check = next_check(client);
  REQUIRE(check);
  CHECK(client.call(end_of(half_of(*check), commit, true)).code == 0);
  CHECK(bodies_of(client, "T", 1) == std::vector<std::string>{"a"});
  resume.fields[1].second = "no id";
  CHECK(client.call(resume).code != 0);
}

TEST_CASE("transactions outlive the node: open ones are asked about again") {
  test::scratch home;
  half open;
  half committed;
  {
    test::node node{impatient(home / "data")};
    test::client client{node.broker_port()};
    committed = prepare(client, "committed");
    auto dropped = prepare(client, "dropped");
    open = prepare(client, "open");
    CHECK(client.call(end_of(committed, commit)).code == 0);
    CHECK(client.call(end_of(dropped, roll_back)).code == 0);
  }
  test::node node{impatient(home / "data")};
  test::client client{node.broker_port()};
  CHECK(client.call(end_of(committed, commit)).code == 1);
  be_producer(client);
  auto check = next_check(client);
  REQUIRE(check);
  CHECK(check->field("tranStateTableOffset") == open.offset);
  CHECK(client.call(end_of(half_of(*check), commit, true)).code == 0);
  CHECK(bodies_of(client, "T", 1)
        == std::vector<std::string>{"committed", "open"});
  CHECK_FALSE(next_check(client, 700ms));
}

TEST_CASE("a committed message with a delay level waits for its time") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  auto one = prepare(client, "a",
                     "DELAY\x01"
                     "1\x02");
  auto began = now_ms();
  CHECK(client.call(end_of(one, commit)).code == 0);
  CHECK(bodies_of(client, "T", 1).empty());
  while (bodies_of(client, "T", 1).empty() && now_ms() - began < 4000)
    std::this_thread::sleep_for(20ms);
  CHECK(bodies_of(client, "T", 1) == std::vector<std::string>{"a"});
  CHECK(now_ms() - began >= 1000);
}

TEST_CASE("checks to a producer that does not read stay within bounds, and "
          "none is lost") {
  constexpr std::size_t count = 3000;
  test::scratch home;
  auto options = impatient(home / "data");
  options.transactions = {200, 300, 1, 3'600'000};
  test::node node{options};
  test::client sender{node.broker_port()};
  test::client slow{node.broker_port()};
  be_producer(slow);
  for (std::size_t i = 0; i < count; ++i)
    sender.send(test::send_of("T", 1, std::string(8192, 'x'),
                              "TRAN_MSG\x01true\x02PGROUP\x01PG\x02UNIQ_KEY\x01"
                              "k"
                                + std::to_string(i) + "\x02"));
  for (std::size_t i = 0; i < count; ++i) {
    auto answer = sender.receive();
    REQUIRE(answer);
    REQUIRE(answer->code == 0);
  }
  caf::scoped_actor self{node.system()};
  auto report = [&] {
    transaction_report result;
    self->request(node.cast().transactions, 5s, describe_transactions{})
      .receive([&](const transaction_report& x) { result = x; },
               [](const caf::error& error) { FAIL(describe(error)); });
    return result;
  };
  auto memory = [&] {
    std::int64_t result = 0;
    self->request(node.cast().gateway, 5s, describe_gateway{})
      .receive([&](const gateway_report& x) { result = x.memory_used; },
               [](const caf::error& error) { FAIL(describe(error)); });
    return result;
  };
  auto end = std::chrono::steady_clock::now() + 10s;
  while (report().put_off < 1000 && std::chrono::steady_clock::now() < end) {
    CHECK(memory() < 8 << 20);
    std::this_thread::sleep_for(20ms);
  }
  // Without a bound all of them are in memory: 24 MiB.
  CHECK(report().put_off >= 1000);
  CHECK(report().checks < static_cast<std::int64_t>(count));
  CHECK(report().discarded <= report().checks);
  // It reads again: each comes, and once, as one check is all that is allowed.
  std::set<std::string> asked;
  while (asked.size() < count) {
    auto check = next_check(slow, 5s);
    REQUIRE(check);
    CHECK(asked.insert(std::string{check->field("transactionId")}).second);
  }
  CHECK(report().checks == static_cast<std::int64_t>(count));
}
