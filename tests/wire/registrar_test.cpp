/// Topics that are made here and looked for at a name server elsewhere.
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/fake_name_server.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

#include <chrono>

using namespace troupe;
using namespace troupe::remoting;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

cast_options broker_of(const test::scratch& home,
                       std::vector<std::string> name_servers) {
  cast_options options;
  options.data_directory = home / "data";
  options.broker_name = "broker-a";
  options.name_server = false;
  options.name_servers = std::move(name_servers);
  return options;
}

/// How long the broker takes to answer that it has made `topic`.
clock_type::duration time_to_create(test::client& client,
                                    const std::string& topic) {
  auto began = clock_type::now();
  REQUIRE(client.call(test::create_of(topic, 1)).code == 0);
  return clock_type::now() - began;
}

} // namespace

TEST_CASE("who has made a topic finds it at a name server elsewhere") {
  test::scratch home;
  test::fake_name_server names;
  names.delay = 100ms;
  test::node node{broker_of(home, {names.address()})};
  test::client client{node.broker_port()};

  REQUIRE(client.call(test::create_of("Made", 1)).code == 0);
  CHECK(names.knows("Made"));
  REQUIRE(client.call(test::send_of("Sent", 0, "x")).code == 0);
  CHECK(names.knows("Sent"));
  auto two =
    client.call(test::request(request_code::update_and_create_topic_list, {},
                              R"({"topicConfigList":[{"topicName":"A"},)"
                              R"({"topicName":"B"}]})"));
  REQUIRE(two.code == 0);
  CHECK(names.knows("A"));
  CHECK(names.knows("B"));
}

TEST_CASE("of several topics none is made when one is refused") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  auto refused = client.call(
    test::request(request_code::update_and_create_topic_list, {},
                  R"({"topicConfigList":[{"topicName":"A"},)"
                  R"({"topicName":"not a name"},{"topicName":"B"}]})"));
  CHECK(refused.code
        == static_cast<std::int32_t>(response_code::invalid_parameter));
  for (const auto* topic : {"A", "B"})
    CHECK(
      client
        .call(test::request(request_code::get_topic_config, {{"topic", topic}}))
        .code
      == static_cast<std::int32_t>(response_code::topic_not_exist));
}

TEST_CASE("a name server that hangs holds up one topic, for a bounded time") {
  test::scratch home;
  test::fake_name_server hangs;
  test::fake_name_server lives;
  auto options = broker_of(home, {hangs.address(), lives.address()});
  options.register_wait = 400ms;
  test::node node{options};
  test::client client{node.broker_port()};
  REQUIRE(client.call(test::create_of("Before", 1)).code == 0);
  REQUIRE(hangs.knows("Before"));

  hangs.silent = true;
  auto first = time_to_create(client, "First");
  CHECK(first >= 400ms);
  CHECK(first < 1500ms);
  CHECK(lives.knows("First"));

  // It is known now: the next one waits for the other name server only.
  CHECK(time_to_create(client, "Second") < 300ms);
  CHECK(lives.knows("Second"));
  hangs.silent = false;
  CHECK(test::eventually([&] { return hangs.knows("Second"); }));
}

TEST_CASE("a name server that is not there holds up nothing") {
  test::scratch home;
  std::string gone;
  {
    test::fake_name_server names;
    gone = names.address();
  }
  test::node node{broker_of(home, {gone})};
  test::client client{node.broker_port()};
  CHECK(time_to_create(client, "T") < limits::register_wait);
  CHECK(client.call(test::send_of("U", 0, "x")).code == 0);
}

TEST_CASE("a thousand topics made at once cost a few registrations") {
  constexpr int topics = 1000;
  test::scratch home;
  test::fake_name_server names;
  test::node node{broker_of(home, {names.address()})};
  test::client client{node.broker_port()};
  REQUIRE(client.call(test::create_of("Before", 1)).code == 0);
  names.delay = 20ms;
  auto before = names.registrations.load();
  std::string frames;
  for (int i = 0; i < topics; ++i) {
    auto asked = test::create_of("T" + std::to_string(i), 1);
    asked.opaque = 1000 + i;
    append_command(frames, header_encoding::json, asked);
  }
  client.write(frames);
  for (int i = 0; i < topics; ++i) {
    auto answer = client.receive();
    REQUIRE(answer);
    REQUIRE(answer->code == 0);
    REQUIRE(names.knows("T" + std::to_string(answer->opaque - 1000)));
  }
  auto cost = names.registrations - before;
  CAPTURE(cost);
  CHECK(cost < topics / 10);
}
