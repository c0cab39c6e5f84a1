#include "remoting/bodies/topic_bodies.hpp"
#include "remoting/command_codec.hpp"
#include "remoting/json_value.hpp"

#include "support/catch.hpp"
#include "support/golden.hpp"

using namespace troupe;
using namespace troupe::remoting;

TEST_CASE("a route is JSON that strict readers take") {
  topic_route route;
  route.queues.push_back({"broker-a", 8, 4, 6, 0});
  route.brokers.push_back({"DefaultCluster",
                           "broker-a",
                           {{0, "1.2.3.4:10911"}, {1, "1.2.3.5:10911"}},
                           false});
  auto json = parse_json(encode_route(route));
  REQUIRE(json);
  const auto* brokers = member_of(*json, "brokerDatas");
  REQUIRE(brokers);
  const auto* addresses = member_of((*brokers)[0], "brokerAddrs");
  REQUIRE(addresses);
  CHECK(text_of(*addresses, "0") == "1.2.3.4:10911");
  CHECK(text_of(*addresses, "1") == "1.2.3.5:10911");
  const auto* queues = member_of(*json, "queueDatas");
  REQUIRE(queues);
  CHECK(int64_of((*queues)[0], "readQueueNums") == 8);
  CHECK(int64_of((*queues)[0], "perm") == 6);
  CHECK(member_of(*json, "filterServerTable") != nullptr);
}

TEST_CASE("a registration is read back as it was written") {
  broker_registration says;
  says.version = {1, 2, 3};
  topic_config topic;
  topic.name = "T";
  topic.read_queues = 3;
  topic.attributes = {{"message.type", "FIFO"}};
  says.topics = {topic};
  broker_registration again;
  auto error = decode_registration(encode_registration(says), false,
                                   protocol_version, again);
  REQUIRE_FALSE(error);
  CHECK(again.version == says.version);
  REQUIRE(again.topics.size() == 1);
  CHECK(again.topics[0] == topic);
}

TEST_CASE("registrations of real brokers are understood") {
  auto folder = test::golden_directory() / "frames";
  if (!std::filesystem::exists(folder)) {
    WARN("no golden frames at " << folder << "; nothing was checked");
    return;
  }
  std::size_t seen = 0;
  std::size_t compressed = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    auto name = entry.path().filename().string();
    if (name.rfind("103_", 0) != 0 || name.find("__req.bin") == name.npos)
      continue;
    CAPTURE(name);
    auto frame = decode_command(test::read_file(entry.path()));
    REQUIRE(frame);
    auto is_compressed = frame->field("compressed") == "true";
    broker_registration says;
    auto error = decode_registration(frame->body.view(), is_compressed,
                                     frame->version, says);
    CAPTURE(describe(error));
    REQUIRE_FALSE(error);
    CHECK_FALSE(says.topics.empty());
    compressed += is_compressed ? 1 : 0;
    ++seen;
  }
  CHECK(seen >= 4);
  CHECK(compressed >= 1);
}

TEST_CASE("a damaged registration is refused") {
  broker_registration says;
  for (const char* body : {"{", "[]", "{}"})
    CHECK(decode_registration(body, false, protocol_version, says));
  CHECK(decode_registration("not a zlib stream", true, protocol_version, says));
}
