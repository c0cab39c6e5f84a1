/// What administrators ask over the wire: resets that members are told, rows of
/// a consume queue, settings changed at run time, and what is refused.
#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

#include <ctime>
#include <thread>

using namespace troupe;
using namespace troupe::remoting;
using namespace std::chrono_literals;

namespace {

constexpr std::uint8_t language_java = 0;
constexpr std::uint8_t language_cpp = 1;

std::int32_t number_of(response_code x) {
  return static_cast<std::int32_t>(x);
}

cast_options options_of(const test::scratch& home) {
  cast_options options;
  options.data_directory = home / "data";
  options.broker_name = "broker-a";
  return options;
}

void join(test::client& client, const std::string& id, std::uint8_t language) {
  auto heartbeat = test::request(
    request_code::heart_beat, {},
    R"({"clientID":")" + id
      + R"(","consumerDataSet":[{"groupName":"G","consumeType":)"
        R"("CONSUME_PASSIVELY","messageModel":"CLUSTERING",)"
        R"("consumeFromWhere":"CONSUME_FROM_FIRST_OFFSET",)"
        R"("subscriptionDataSet":[{"topic":"T","subString":"*",)"
        R"("expressionType":"TAG","subVersion":1}]}],"producerDataSet":[]})");
  heartbeat.language = language;
  REQUIRE(client.call(std::move(heartbeat)).code == 0);
}

void send_ten(test::client& client) {
  for (int i = 0; i < 10; ++i)
    REQUIRE(client.call(test::send_of("T", 0, "m")).code == 0);
}

command reset_of(std::int64_t time, bool force, const std::string& topic) {
  return test::request(request_code::invoke_broker_to_reset_offset,
                       {{"topic", topic},
                        {"group", "G"},
                        {"timestamp", std::to_string(time)},
                        {"isForce", force ? "true" : "false"}});
}

/// The next reset that a member is told; other notices are passed over.
std::optional<command> told(test::client& member,
                            std::chrono::milliseconds wait = 2s) {
  while (auto next = member.receive(wait))
    if (next->code
        == static_cast<std::int32_t>(
          request_code::reset_consumer_client_offset))
      return next;
  return {};
}

bool holds(std::string_view text, std::string_view part) {
  CAPTURE(text, part);
  return text.find(part) != std::string_view::npos;
}

command offset_of_queue() {
  return test::request(
    request_code::query_consumer_offset,
    {{"consumerGroup", "G"}, {"topic", "T"}, {"queueId", "0"}});
}

} // namespace

TEST_CASE("admin: without reset-at-broker the members are told of a reset") {
  test::scratch home;
  auto options = options_of(home);
  options.reset_at_broker = false;
  options.default_topic_queues = 1;
  test::node node{std::move(options)};
  test::client admin{node.broker_port()};
  send_ten(admin);
  test::client java{node.broker_port()};
  test::client cpp{node.broker_port()};
  join(java, "a-java", language_java);
  join(cpp, "b-cpp", language_cpp);
  REQUIRE(admin
            .call(test::request(request_code::update_consumer_offset,
                                {{"consumerGroup", "G"},
                                 {"topic", "T"},
                                 {"queueId", "0"},
                                 {"commitOffset", "4"}}))
            .code
          == 0);

  SECTION("forced: to the end, each in the form that it reads") {
    auto answer = admin.call(reset_of(-1, true, "T"));
    CHECK(answer.code == 0);
    CHECK(holds(answer.body.view(),
                R"({"brokerName":"broker-a","queueId":0,"topic":"T"}:10)"));
    auto to_java = told(java);
    REQUIRE(to_java);
    CHECK((to_java->flag & flag_oneway) != 0);
    CHECK(to_java->field("topic") == "T");
    CHECK(to_java->field("group") == "G");
    CHECK(to_java->field("timestamp") == "-1");
    CHECK(to_java->body.view() == answer.body.view());
    auto to_cpp = told(cpp);
    REQUIRE(to_cpp);
    CHECK(holds(to_cpp->body.view(), R"([{"brokerName":"broker-a","offset":10,)"
                                     R"("queueId":0,"topic":"T"})"));
    // They commit it: until then nothing has changed here.
    CHECK(admin.call(offset_of_queue()).field("offset") == "4");
  }
  SECTION("not forced: only back") {
    auto answer = admin.call(reset_of(-1, false, "T"));
    CHECK(answer.code == 0);
    auto to_java = told(java);
    REQUIRE(to_java);
    CHECK(holds(to_java->body.view(), R"("topic":"T"}:4)"));
    CHECK(admin.call(reset_of(0, false, "T")).code == 0);
    to_java = told(java);
    REQUIRE(to_java);
    CHECK(holds(to_java->body.view(), R"("topic":"T"}:0)"));
  }
}

TEST_CASE("admin: a reset is answered where there is nothing to reset") {
  test::scratch home;
  test::node node{home / "data"};
  test::client admin{node.broker_port()};
  join(admin, "a-java", language_java);
  auto closed = test::create_of("Closed", 2);
  for (auto& [name, value] : closed.fields)
    if (name == "readQueueNums")
      value = "0";
  REQUIRE(admin.call(closed).code == 0);
  CHECK(admin.call(reset_of(-1, true, "Closed")).code == 0);
  auto beyond = reset_of(-1, true, "Closed");
  beyond.fields.emplace_back("queueId", "2");
  auto answer = admin.call(beyond);
  CHECK(answer.code != 0);
  CHECK(holds(answer.remark, "topic[Closed] has 2 queues"));
}

TEST_CASE("admin: without members there is nobody to be told of a reset") {
  test::scratch home;
  auto options = options_of(home);
  options.reset_at_broker = false;
  test::node node{std::move(options)};
  test::client admin{node.broker_port()};
  send_ten(admin);
  { // the group is made, and nobody stays
    test::client member{node.broker_port()};
    join(member, "m", language_java);
  }
  command answer;
  for (int i = 0;
       i < 100 && answer.code != number_of(response_code::consumer_not_online);
       ++i) {
    answer = admin.call(reset_of(0, true, "T"));
    std::this_thread::sleep_for(10ms);
  }
  CHECK(answer.code == number_of(response_code::consumer_not_online));
  CHECK(holds(answer.remark, "Consumer not online"));
}

TEST_CASE("admin: with reset-at-broker a reset is kept for the next pull") {
  test::scratch home;
  test::node node{options_of(home)};
  test::client admin{node.broker_port()};
  send_ten(admin);
  test::client member{node.broker_port()};
  join(member, "m", language_java);
  REQUIRE(admin.call(reset_of(0, true, "T")).code == 0);
  CHECK(admin.call(offset_of_queue()).field("offset") == "0");
  CHECK_FALSE(told(member, 300ms));
}

TEST_CASE("admin: rows of a consume queue") {
  test::scratch home;
  test::node node{options_of(home)};
  test::client client{node.broker_port()};
  for (int i = 0; i < 10; ++i)
    REQUIRE(client.call(test::send_of("T", 0, "m", "TAGS\1red\2")).code == 0);
  auto ask = [&](const std::string& first, const std::string& count,
                 const std::string& group) {
    test::fields fields{
      {"topic", "T"}, {"queueId", "0"}, {"index", first}, {"count", count}};
    if (!group.empty())
      fields.emplace_back("consumerGroup", group);
    return client.call(
      test::request(request_code::query_consume_queue, fields));
  };
  auto answer = ask("8", "10", "");
  REQUIRE(answer.code == 0);
  CHECK(holds(answer.body.view(), R"("maxQueueIndex":10,"minQueueIndex":0)"));
  auto row = answer.body.view().find("physicOffset");
  REQUIRE(row != std::string_view::npos);
  auto second = answer.body.view().find("physicOffset", row + 1);
  REQUIRE(second != std::string_view::npos);
  CHECK(answer.body.view().find("physicOffset", second + 1)
        == std::string_view::npos);
  // The tag's hash as Java has it.
  CHECK(holds(answer.body.view(), R"("tagsCode":112785)"));
  CHECK(holds(ask("10", "1", "").body.view(), R"("queueData":[])"));
  CHECK(holds(ask("0", "1", "G").body.view(),
              R"("filterData":"G@T is not online!")"));
  test::client member{node.broker_port()};
  join(member, "m", language_java);
  CHECK(holds(ask("0", "1", "G").body.view(), R"("subscriptionData":{)"));
  auto missing = test::request(
    request_code::query_consume_queue,
    {{"topic", "none"}, {"queueId", "0"}, {"index", "0"}, {"count", "1"}});
  CHECK(client.call(std::move(missing)).code
        == number_of(response_code::topic_not_exist));
}

TEST_CASE("admin: settings are changed, or it is said why not") {
  test::scratch home;
  auto options = options_of(home);
  options.change_settings =
    [](std::string_view lines) -> caf::expected<changed_settings> {
    if (lines != "maxMessageSize=100\n")
      return make_error(errc::no_permission, "not that one");
    changed_settings changed;
    changed.live.body_bytes_max = 100;
    changed.shown = {{"maxMessageSize", "100"}};
    return changed;
  };
  test::node node{std::move(options)};
  test::client client{node.broker_port()};
  const std::string body(200, '.');
  CHECK(client.call(test::send_of("T", 0, body)).code == 0);
  auto refused = client.call(
    test::request(request_code::update_broker_config, {}, "listenPort=1\n"));
  CHECK(refused.code == number_of(response_code::no_permission));
  CHECK(refused.remark == "not that one");
  CHECK(client
          .call(test::request(request_code::update_broker_config, {},
                              "maxMessageSize=100\n"))
          .code
        == 0);
  CHECK(client.call(test::send_of("T", 0, body)).code
        == number_of(response_code::message_illegal));
  CHECK(
    client.call(test::request(request_code::get_broker_config, {})).body.view()
    == "maxMessageSize=100\n");
}

TEST_CASE("admin: what has expired goes at once when it is asked for") {
  test::scratch home;
  auto options = options_of(home);
  auto now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  options.retention.hours = {(parts.tm_hour + 12) % 24}; // not now
  options.retention.keep_ms = 1;
  options.retention.used_percent_max = 100;
  options.retention_period = 20ms;
  test::node node{std::move(options)};
  test::client client{node.broker_port()};
  const std::string body(4000, '.');
  for (int i = 0; i < 40; ++i) // more than two segments
    REQUIRE(client.call(test::send_of("T", 0, body)).code == 0);
  auto first = [&] {
    return client
             .call(test::request(request_code::get_min_offset,
                                 {{"topic", "T"}, {"queueId", "0"}}))
             .field("offset")
           == "0";
  };
  std::this_thread::sleep_for(200ms);
  CHECK(first());
  CHECK(
    client.call(test::request(request_code::delete_expired_commitlog, {})).code
    == 0);
  for (int i = 0; i < 200 && first(); ++i)
    std::this_thread::sleep_for(20ms);
  CHECK_FALSE(first());
}

TEST_CASE("admin: what is not served is refused with what to do instead") {
  struct unserved_code {
    std::int32_t code;
    const char* said;
  };

  auto one = GENERATE(
    unserved_code{50, "--listen"}, unserved_code{513, "updateTopic"},
    unserved_code{1005, "master alone"}, unserved_code{2001, "old messages"},
    unserved_code{3005, "no users"}, unserved_code{5001, "timers"},
    unserved_code{200074, "no lite topics"},
    unserved_code{12345, "not supported by this broker"});
  test::scratch home;
  test::node node{options_of(home)};
  test::client client{node.broker_port()};
  command wish;
  wish.code = one.code;
  auto answer = client.call(std::move(wish));
  CHECK(answer.code == number_of(response_code::request_code_not_supported));
  CHECK(holds(answer.remark, one.said));
}

TEST_CASE("admin: the name server says that nothing of it can be changed") {
  test::scratch home;
  test::node node{options_of(home)};
  test::client client{node.name_server_port()};
  auto answer = client.call(test::request(request_code::update_namesrv_config,
                                          {}, "orderMessageEnable=true\n"));
  CHECK(answer.code == number_of(response_code::no_permission));
  CHECK(holds(answer.remark, "restart it"));
}
