/// How far groups are behind: as the backlog tells it, and as administrators
/// ask over the wire.
#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

#include <caf/scoped_actor.hpp>

using namespace troupe;
using namespace troupe::remoting;
using namespace std::chrono_literals;

namespace {

command heartbeat_of(const std::string& group) {
  return test::request(
    request_code::heart_beat, {},
    R"({"clientID":"c1","consumerDataSet":[{"groupName":")" + group
      + R"(","consumeType":"CONSUME_PASSIVELY","messageModel":"CLUSTERING",)"
        R"("consumeFromWhere":"CONSUME_FROM_FIRST_OFFSET",)"
        R"("subscriptionDataSet":[{"topic":"T","subString":"*",)"
        R"("expressionType":"TAG","subVersion":1}]}],"producerDataSet":[]})");
}

void send_ten(test::client& client) {
  for (int i = 0; i < 10; ++i)
    REQUIRE(client.call(test::send_of("T", 0, "m")).code == 0);
}

void commit(test::client& client, const std::string& group, int offset) {
  REQUIRE(client
            .call(test::request(request_code::update_consumer_offset,
                                {{"consumerGroup", group},
                                 {"topic", "T"},
                                 {"queueId", "0"},
                                 {"commitOffset", std::to_string(offset)}}))
            .code
          == 0);
}

std::string progress_of(test::client& client, const std::string& group) {
  auto answer = client.call(test::request(
    request_code::query_consumer_offset,
    {{"consumerGroup", group}, {"topic", "T"}, {"queueId", "0"}}));
  return std::string{answer.field("offset")};
}

bool holds(const command& answer, std::string_view text) {
  CAPTURE(answer.body.view(), text);
  return answer.body.view().find(text) != std::string_view::npos;
}

backlog_report ask_backlog(test::node& node, const describe_backlog& wish) {
  backlog_report result;
  caf::scoped_actor self{node.system()};
  self->request(node.cast().backlog, 5s, wish)
    .receive([&](backlog_report& x) { result = std::move(x); },
             [](caf::error& error) { FAIL(describe(error)); });
  return result;
}

} // namespace

TEST_CASE("backlog: a queue's row tells behind, in flight, owner and age") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  send_ten(client);
  REQUIRE(client.call(heartbeat_of("G")).code == 0);
  client.call(test::pull_of("G", "T", 0, 7));
  commit(client, "G", 4);
  auto report = ask_backlog(node, {"G", "T"});
  REQUIRE_FALSE(report.rows.empty());
  const auto& row = report.rows.front();
  CHECK(row.group == "G");
  CHECK(row.queue == queue_key{"T", {0}});
  CHECK(row.committed == queue_offset{4});
  CHECK(row.behind == 6);
  CHECK(row.in_flight == 3);
  CHECK(row.owner == "c1");
  CHECK(row.oldest_age_ms >= 0);
  CHECK(row.arrival_rate > 0);
  CHECK(row.reason != backlog_reason::none);
  CHECK_FALSE(report.more);
}

TEST_CASE("backlog: what is popped is in flight, and has an owner") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  send_ten(client);
  REQUIRE(client.call(heartbeat_of("G")).code == 0);
  auto pop = [&](int count, bool in_order) {
    return client.call(test::request(
      request_code::pop_message, {{"consumerGroup", "G"},
                                  {"topic", "T"},
                                  {"queueId", in_order ? "0" : "-1"},
                                  {"maxMsgNums", std::to_string(count)},
                                  {"invisibleTime", "60000"},
                                  {"pollTime", "0"},
                                  {"bornTime", std::to_string(now_ms().value)},
                                  {"initMode", "0"},
                                  {"order", in_order ? "true" : "false"}}));
  };
  auto in_order = GENERATE(false, true);
  REQUIRE(pop(4, in_order).code == 0);
  auto row_of_queue = [&] {
    for (const auto& row : ask_backlog(node, {"G", "T"}).rows)
      if (row.queue == queue_key{"T", {0}})
        return row;
    return backlog_row{};
  };
  auto row = row_of_queue();
  CHECK(row.behind == 10);
  CHECK(row.in_flight == 4);
  CHECK(row.oldest == queue_offset{0});
  CHECK(row.oldest_age_ms >= 0);
  CHECK(row.owner == "c1");
  CHECK(row.reason != backlog_reason::no_owner);
  auto answer = client.call(
    test::request(request_code::get_consume_stats, {{"consumerGroup", "G"}}));
  CHECK(holds(answer, R"("brokerOffset":10,"consumerOffset":0,)"));
  CHECK(holds(answer, R"("pullOffset":4)"));
}

TEST_CASE("backlog: all groups are told in order, one that is not there is an "
          "error") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  send_ten(client);
  commit(client, "G2", 10);
  commit(client, "G1", 1);
  auto report = ask_backlog(node, {"", "T"});
  std::vector<std::string> groups;
  for (const auto& row : report.rows)
    if (row.queue.queue == queue_id{0})
      groups.push_back(row.group);
  CHECK(groups == std::vector<std::string>{"G1", "G2"});
  caf::scoped_actor self{node.system()};
  self->request(node.cast().backlog, 5s, describe_backlog{"NoSuch", ""})
    .receive(
      [](backlog_report&) { FAIL("there is no such group"); },
      [](caf::error& error) { CHECK(is(error, errc::group_not_found)); });
}

TEST_CASE("backlog: administrators get it in RocketMQ's form") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  send_ten(client);
  client.call(test::pull_of("G", "T", 0, 7));
  commit(client, "G", 4);
  constexpr auto queue =
    R"({"brokerName":"broker-a","queueId":0,"topic":"T"}:{"brokerOffset":10,)"
    R"("consumerOffset":4,)";
  SECTION("one group") {
    auto answer = client.call(
      test::request(request_code::get_consume_stats, {{"consumerGroup", "G"}}));
    CHECK(answer.code == 0);
    CHECK(holds(answer, queue));
    CHECK(holds(answer, R"("pullOffset":7)"));
  }
  SECTION("all groups") {
    auto answer = client.call(test::request(
      request_code::get_broker_consume_stats, {{"isOrder", "false"}}));
    CHECK(answer.code == 0);
    CHECK(holds(answer, R"({"G":[{"consumeTps":)"));
    CHECK(holds(answer, queue));
    CHECK(holds(answer, R"("totalDiff":6,"totalInflightDiff":3)"));
  }
  SECTION("in time") {
    auto answer = client.call(test::request(
      request_code::query_consume_time_span, {{"topic", "T"}, {"group", "G"}}));
    CHECK(answer.code == 0);
    CHECK(holds(answer, R"("queueId":0,"topic":"T"})"));
    CHECK(holds(answer, R"("delayTime":)"));
  }
  SECTION("the least of all groups") {
    commit(client, "H", 2);
    auto answer = client.call(test::request(
      request_code::query_correction_offset,
      {{"topic", "T"}, {"compareGroup", "H"}, {"filterGroups", "H"}}));
    CHECK(holds(answer, R"({"correctionOffsets":{0:9223372036854775807}})"));
    answer =
      client.call(test::request(request_code::query_correction_offset,
                                {{"topic", "T"}, {"compareGroup", "G"}}));
    CHECK(holds(answer, R"({"correctionOffsets":{0:2}})"));
  }
}

TEST_CASE(
  "statistics: a topic's messages are counted, a group's rate is told") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  send_ten(client);
  auto stats = [&](const char* name, const char* key) {
    return client.call(test::request(request_code::view_broker_stats_data,
                                     {{"statsName", name}, {"statsKey", key}}));
  };
  auto put = stats("TOPIC_PUT_NUMS", "T");
  CHECK(put.code == 0);
  CHECK(holds(put, R"({"statsMinute":{"sum":10,"tps":0.1)"));
  CHECK(holds(put, R"("statsHour":{"sum":10,"tps":0.00)"));
  CHECK(holds(put, R"("statsDay":{"sum":10,"tps":0.000)"));
  commit(client, "G", 0);
  commit(client, "G", 4);
  auto got = stats("GROUP_GET_NUMS", "T@G");
  CHECK(got.code == 0);
  CHECK(holds(got, R"({"statsMinute":{"sum":)"));
  CHECK_FALSE(holds(got, R"({"statsMinute":{"sum":0,)"));
  CHECK(
    holds(stats("GROUP_GET_NUMS", "T@NoSuch"), R"({"statsMinute":{"sum":0,)"));
  CHECK(stats("TOPIC_PUT_NUMS", "NoSuch").code == 17); // TOPIC_NOT_EXIST
  auto unknown = stats("GROUP_GET_LATENCY", "0@T@G");
  CHECK(unknown.code == 1);
  CHECK(unknown.remark.find("TOPIC_PUT_NUMS") != std::string::npos);
}

TEST_CASE("backlog: a group begins where another one stands") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  send_ten(client);
  commit(client, "G", 4);
  auto answer = client.call(
    test::request(request_code::clone_group_offset, {{"srcGroup", "G"},
                                                     {"destGroup", "H"},
                                                     {"topic", "T"},
                                                     {"offline", "true"}}));
  CHECK(answer.code == 0);
  CHECK(progress_of(client, "H") == "4");
}

TEST_CASE("backlog: consumers are asked how far they are") {
  test::scratch home;
  test::node node{home / "data"};
  test::client consumer{node.broker_port()};
  test::client admin{node.broker_port()};
  send_ten(admin);
  REQUIRE(consumer.call(heartbeat_of("G")).code == 0);
  auto wish =
    test::request(request_code::invoke_broker_to_get_consumer_status,
                  {{"topic", "T"}, {"group", "G"}, {"clientAddr", ""}});
  wish.opaque = 9;
  admin.send(wish);
  auto question = consumer.receive();
  REQUIRE(question);
  CHECK(question->code
        == static_cast<std::int32_t>(
          request_code::get_consumer_status_from_client));
  CHECK(question->field("topic") == "T");
  auto table =
    GENERATE(as<std::string>{},
             R"({{"brokerName":"b}","queueId":0,"topic":"T"}:7})", "17", "[");
  auto said = make_response(response_code::success);
  said.opaque = question->opaque;
  said.body = payload::copy_of(R"({"consumerTable":{},"messageQueueTable":)"
                               + table + "}");
  consumer.send(std::move(said));
  auto answer = admin.receive();
  REQUIRE(answer);
  CHECK(answer->opaque == 9);
  CHECK(answer->code == 0);
  // What is no table is left out.
  auto whole = table.size() > 2;
  CHECK(answer->body.view()
        == (whole ? R"({"consumerTable":{"c1":)" + table + "}}"
                  : R"({"consumerTable":{}})"));
}
