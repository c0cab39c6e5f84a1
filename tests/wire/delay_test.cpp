/// Messages with a delay level, many of which are due at once.
#include "storage/record.hpp"

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/node.hpp"
#include "support/records.hpp"
#include "support/scratch.hpp"

using namespace troupe;
using namespace troupe::remoting;

namespace {

cast_options options_in(const std::string& directory) {
  cast_options options;
  options.data_directory = directory;
  options.broker_name = "broker-a";
  auto delays = delay_levels::parse("1s 1h");
  if (delays)
    options.delays = *delays;
  return options;
}

struct found_messages {
  std::vector<std::string> bodies; ///< of queue 0, in order
  epoch_ms first_stored;           ///< when the first one came
};

/// What has come into queue 0 of topic T.
found_messages read_all(test::client& client) {
  found_messages all;
  std::int64_t next = 0;
  for (;;) {
    auto found = client.call(test::pull_of("G", "T", 0, next));
    if (found.code != 0)
      return all;
    test::for_each_record(found, [&](const storage::record_view& x) {
      if (all.bodies.empty())
        all.first_stored = x.store_time;
      all.bodies.emplace_back(x.body);
      next = x.offset.value + 1;
    });
  }
}

remoting::command delayed(const std::string& topic, const std::string& body) {
  return test::send_of(topic, 0, body,
                       "DELAY\x01"
                       "1\x02");
}

/// What has come when one more delayed message has: a level is in order, so
/// that nothing it had before, nor had again, is still to come.
found_messages read_all_to_mark(test::client& client,
                                const std::string& mark = "mark") {
  REQUIRE(client.call(delayed("T", mark)).code == 0);
  found_messages all;
  REQUIRE(test::eventually([&] {
    all = read_all(client);
    return !all.bodies.empty() && all.bodies.back() == mark;
  }));
  all.bodies.pop_back();
  return all;
}

} // namespace

TEST_CASE("delays: thousands due at once come together, in order, once") {
  constexpr int count = 3000;
  test::scratch home;
  test::node node{options_in(home / "data")};
  test::client client{node.broker_port()};
  REQUIRE(client.call(test::send_of("T", 1, "makes the topic")).code == 0);
  auto began = now_ms();
  for (int i = 0; i < count; ++i)
    client.send(delayed("T", "m" + std::to_string(i)));
  for (int i = 0; i < count; ++i) {
    auto answer = client.receive();
    REQUIRE(answer);
    REQUIRE(answer->code == 0);
  }
  auto all = read_all_to_mark(client);
  REQUIRE(all.bodies.size() == count);
  CHECK(all.first_stored >= began + 1000);
  auto offsets =
    client.call(test::request(request_code::get_all_delay_offset, {}));
  CHECK(offsets.code == 0);
  CHECK(std::string{offsets.body.view()} == R"({"offsetTable":{1:3001,2:0}})");
  for (int i = 0; i < count; ++i)
    CHECK(all.bodies[static_cast<std::size_t>(i)] == "m" + std::to_string(i));
}

TEST_CASE("delays: a message whose topic is gone holds up no other") {
  test::scratch home;
  test::node node{options_in(home / "data")};
  test::client client{node.broker_port()};
  for (const auto* topic : {"T", "Gone"})
    REQUIRE(client.call(test::send_of(topic, 1, "makes the topic")).code == 0);
  for (int i = 0; i < 10; ++i)
    REQUIRE(
      client.call(delayed(i % 2 == 0 ? "Gone" : "T", "m" + std::to_string(i)))
        .code
      == 0);
  REQUIRE(client
            .call(test::request(request_code::delete_topic_in_broker,
                                {{"topic", "Gone"}}))
            .code
          == 0);
  CHECK(read_all_to_mark(client).bodies
        == std::vector<std::string>{"m1", "m3", "m5", "m7", "m9"});
}

TEST_CASE("delays: what was delivered does not come again after a restart") {
  test::scratch home;
  {
    test::node node{options_in(home / "data")};
    test::client client{node.broker_port()};
    REQUIRE(client.call(test::send_of("T", 1, "makes the topic")).code == 0);
    for (int i = 0; i < 50; ++i)
      REQUIRE(client.call(delayed("T", "m" + std::to_string(i))).code == 0);
    CHECK(read_all_to_mark(client).bodies.size() == 50);
  }
  test::node node{options_in(home / "data")};
  test::client client{node.broker_port()};
  // The 50 and the first mark.
  CHECK(read_all_to_mark(client, "second mark").bodies.size() == 51);
}
