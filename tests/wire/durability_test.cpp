/// What a node knows after it was ended and started again.
#include "storage/checkpoint.hpp"
#include "storage/file.hpp"
#include "storage/record.hpp"

#include "support/catch.hpp"
#include "support/few_descriptors.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

using namespace troupe;
using namespace troupe::remoting;

TEST_CASE("messages, settings and progress outlive the node") {
  test::scratch home;
  {
    test::node node{home / "data"};
    test::client client{node.broker_port()};
    for (int i = 0; i < 20; ++i)
      REQUIRE(client
                .call(test::send_of("T", i % 4, "m" + std::to_string(i),
                                    "KEYS\x01key" + std::to_string(i) + "\x02"))
                .code
              == 0);
    REQUIRE(client.call(test::create_of("Made", 3)).code == 0);
    REQUIRE(client
              .call(test::request(request_code::update_consumer_offset,
                                  {{"consumerGroup", "G"},
                                   {"topic", "T"},
                                   {"queueId", "0"},
                                   {"commitOffset", "4"}}))
              .code
            == 0);
    node.stop();
  }
  test::node again{home / "data"};
  test::client client{again.broker_port()};
  for (int queue = 0; queue < 4; ++queue) {
    auto found = client.call(test::pull_of("G", "T", queue, 0));
    REQUIRE(found.code == 0);
    auto record =
      storage::decode_record(found.body.view(), storage::record_check::crc);
    REQUIRE(record);
    CHECK(record->body == "m" + std::to_string(queue));
  }
  CHECK(client
          .call(test::request(
            request_code::query_consumer_offset,
            {{"consumerGroup", "G"}, {"topic", "T"}, {"queueId", "0"}}))
          .field("offset")
        == "4");
  CHECK(client.call(test::send_of("Made", 2, "x")).code == 0);
  CHECK(client.call(test::send_of("Made", 3, "x")).code != 0);
  auto by_key = client.call(test::request(request_code::query_message,
                                          {{"topic", "T"},
                                           {"key", "key7"},
                                           {"maxNum", "32"},
                                           {"beginTimestamp", "0"},
                                           {"endTimestamp", "9999999999999"}}));
  REQUIRE(by_key.code == 0);
  auto record =
    storage::decode_record(by_key.body.view(), storage::record_check::crc);
  REQUIRE(record);
  CHECK(record->body == "m7");
}

TEST_CASE("there may be more queues than descriptors") {
  constexpr int queues = 400;
  test::scratch home;
  for (int life = 0; life < 2; ++life) {
    test::few_descriptors limit{150};
    test::node node{home / "data"};
    test::client client{node.broker_port()};
    if (life == 0)
      REQUIRE(client.call(test::create_of("Wide", queues)).code == 0);
    for (int queue = 0; queue < queues; ++queue) {
      auto sent = client.call(test::send_of("Wide", queue, "x"));
      REQUIRE(sent.code == 0);
      REQUIRE(sent.field("queueOffset") == std::to_string(life));
    }
    node.stop(); // writes the rows of all, with a checkpoint
    auto last = storage::read_checkpoint(home / "data");
    CHECK(last.clean);
    CHECK(last.derived_end.value > queues * (life + 1) * 100);
    // The next start writes the rows of all from the log.
    REQUIRE_FALSE(storage::remove_tree(home / "data/consumequeue"));
    REQUIRE_FALSE(storage::remove_file(home / "data/troupe.checkpoint"));
  }
  test::few_descriptors limit{150};
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  for (int queue = 0; queue < queues; queue += 57)
    CHECK(client.call(test::pull_of("G", "Wide", queue, 1)).code == 0);
}
