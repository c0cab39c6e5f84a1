/// Timed messages as clients see them, through sockets.
#include "storage/record.hpp"

#include "remoting/recall_handle.hpp"

#include "troupe/model/properties.hpp"

#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/records.hpp"
#include "support/scratch.hpp"

#include <thread>

using namespace troupe;
using namespace troupe::remoting;
using namespace std::chrono_literals;

namespace {

cast_options options_in(const std::string& directory) {
  cast_options options;
  options.data_directory = directory;
  options.broker_name = "broker-a";
  return options;
}

command send_timed(test::client& client, const std::string& body,
                   const std::string& name, std::int64_t value) {
  return client.call(test::send_of("T", 2, body,
                                   name + "\x01" + std::to_string(value)
                                     + "\x02UNIQ_KEY\x01key-" + body + "\x02"));
}

struct delivered {
  std::string body;
  epoch_ms store_time;
  std::string properties;
};

std::vector<delivered> messages_of(test::client& client) {
  std::vector<delivered> all;
  test::for_each_record(client.call(test::pull_of("G", "T", 2, 0)),
                        [&](const storage::record_view& x) {
                          all.push_back({std::string{x.body}, x.store_time,
                                         std::string{x.properties}});
                        });
  return all;
}

std::vector<delivered> wait_for(test::client& client, std::size_t count,
                                std::chrono::milliseconds wait = 8s) {
  auto end = std::chrono::steady_clock::now() + wait;
  for (;;) {
    auto all = messages_of(client);
    if (all.size() >= count || std::chrono::steady_clock::now() > end)
      return all;
    std::this_thread::sleep_for(10ms);
  }
}

command recall_of(const std::string& topic, std::string_view handle) {
  return test::request(request_code::recall_message,
                       {{"producerGroup", "PG"},
                        {"topic", topic},
                        {"recallHandle", std::string{handle}}});
}

} // namespace

TEST_CASE("a timed message comes at its moment, not before") {
  auto timing = GENERATE(0, 1, 2);
  CAPTURE(timing);
  test::scratch home;
  test::node node{options_in(home / "data")};
  test::client client{node.broker_port()};
  auto now = now_ms();
  auto answer = timing == 0   ? send_timed(client, "a", "TIMER_DELAY_MS", 700)
                : timing == 1 ? send_timed(client, "a", "TIMER_DELAY_SEC", 1)
                              : send_timed(client, "a", "TIMER_DELIVER_MS",
                                           now.value + 700);
  REQUIRE(answer.code == 0);
  CHECK(answer.field("queueId") == "2");
  auto handle = decode_recall_handle(answer.field("recallHandle"));
  REQUIRE(handle);
  CHECK(handle->topic == "T");
  CHECK(handle->broker == "broker-a");
  CHECK(handle->unique_key == "key-a");
  CHECK(handle->due - now >= 700);
  CHECK(messages_of(client).empty());
  auto found = wait_for(client, 1);
  REQUIRE(found.size() == 1);
  CHECK(found.front().body == "a");
  CHECK(found.front().store_time >= handle->due);
  CHECK(found.front().store_time - handle->due < 1000);
  auto value = [&](std::string_view name) {
    return properties::find(found.front().properties, name);
  };
  CHECK(value("TIMER_OUT_MS") == std::to_string(handle->due.value));
  CHECK_FALSE(value("TIMER_ENQUEUE_MS").empty());
  CHECK_FALSE(value("TIMER_DEQUEUE_MS").empty());
  CHECK(value("UNIQ_KEY") == "key-a");
}

TEST_CASE("timed messages come in the order of their moments") {
  test::scratch home;
  test::node node{options_in(home / "data")};
  test::client client{node.broker_port()};
  auto base = now_ms().value + 1500;
  for (int i = 0; i < 20; ++i)
    REQUIRE(send_timed(client, std::to_string(i), "TIMER_DELIVER_MS",
                       base + (i * 7 % 20) * 20)
              .code
            == 0);
  auto found = wait_for(client, 20);
  REQUIRE(found.size() == 20);
  for (int i = 0; i < 20; ++i)
    CHECK(std::stoi(found[static_cast<std::size_t>(i)].body) * 7 % 20 == i);
}

TEST_CASE("what is no moment is refused, the past is now") {
  test::scratch home;
  test::node node{options_in(home / "data")};
  test::client client{node.broker_port()};
  constexpr auto illegal = static_cast<int>(response_code::message_illegal);
  CHECK(send_timed(client, "a", "TIMER_DELAY_SEC", 259'201).code == illegal);
  CHECK(
    client.call(test::send_of("T", 2, "a", "TIMER_DELIVER_MS\x01soon\x02")).code
    == illegal);
  CHECK(client.call(test::send_of("rmq_sys_wheel_timer", 0, "a")).code == 16);
  CHECK(send_timed(client, "past", "TIMER_DELIVER_MS", 1000).code == 0);
  CHECK(send_timed(client, "zero", "TIMER_DELAY_MS", 0).code == 0);
  CHECK(messages_of(client).size() == 2);
}

TEST_CASE("a recalled message never comes") {
  test::scratch home;
  auto options = options_in(home / "data");
  std::string kept;
  {
    test::node node{options};
    test::client client{node.broker_port()};
    auto gone = send_timed(client, "gone", "TIMER_DELAY_MS", 1200);
    auto stays = send_timed(client, "stays", "TIMER_DELAY_MS", 1200);
    kept = stays.field("recallHandle");
    std::string handle{gone.field("recallHandle")};
    CHECK(client.call(recall_of("Other", handle)).code == 17);
    CHECK(client.call(recall_of("T", "x")).code == 604);
    auto foreign = *decode_recall_handle(handle);
    foreign.broker = "other";
    CHECK(client.call(recall_of("T", encode_recall_handle(foreign))).code
          == 604);
    foreign.broker = "broker-a";
    foreign.unique_key = "nobody";
    CHECK(client.call(recall_of("T", encode_recall_handle(foreign))).code != 0);
    auto recalled = client.call(recall_of("T", handle));
    CHECK(recalled.code == 0);
    CHECK(recalled.field("msgId") == "key-gone");
    CHECK(client.call(recall_of("T", handle)).code == 0); // again: still so
  }
  // Also not by a node that was started again.
  test::node node{options};
  test::client client{node.broker_port()};
  auto found = wait_for(client, 1);
  std::this_thread::sleep_for(300ms);
  REQUIRE(messages_of(client).size() == 1);
  CHECK(found.front().body == "stays");
  CHECK(client.call(recall_of("T", kept)).code == 604); // its time is over
}

TEST_CASE("timed messages outlive the node, those that fell due come at once") {
  test::scratch home;
  auto options = options_in(home / "data");
  {
    test::node node{options};
    test::client client{node.broker_port()};
    for (int i = 0; i < 30; ++i)
      REQUIRE(
        send_timed(client, std::to_string(i), "TIMER_DELAY_MS", 100 + i * 40)
          .code
        == 0);
  }
  test::node node{options};
  test::client client{node.broker_port()};
  auto found = wait_for(client, 30);
  std::this_thread::sleep_for(200ms);
  CHECK(messages_of(client).size() == 30);
}

TEST_CASE("a committed transaction may be timed") {
  test::scratch home;
  test::node node{options_in(home / "data")};
  test::client client{node.broker_port()};
  auto half = client.call(
    test::send_of("T", 2, "a",
                  "TRAN_MSG\x01true\x02PGROUP\x01PG\x02TIMER_DELAY_MS\x01"
                  "600\x02"));
  REQUIRE(half.code == 0);
  auto position =
    std::stoull(std::string{half.field("msgId")}.substr(16), nullptr, 16);
  auto began = now_ms();
  REQUIRE(client
            .call(test::request(
              request_code::end_transaction,
              {{"producerGroup", "PG"},
               {"tranStateTableOffset", std::string{half.field("queueOffset")}},
               {"commitLogOffset", std::to_string(position)},
               {"commitOrRollback", "8"},
               {"fromTransactionCheck", "false"}}))
            .code
          == 0);
  CHECK(messages_of(client).empty());
  auto found = wait_for(client, 1);
  REQUIRE(found.size() == 1);
  CHECK(found.front().store_time - began >= 600);
}
