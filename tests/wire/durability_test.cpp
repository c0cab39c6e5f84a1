/// What a node knows after it was ended and started again.
#include "storage/record.hpp"

#include "support/catch.hpp"
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
    REQUIRE(client
              .call(test::request(request_code::update_and_create_topic,
                                  {{"topic", "Made"},
                                   {"defaultTopic", "TBW102"},
                                   {"readQueueNums", "3"},
                                   {"writeQueueNums", "3"},
                                   {"perm", "6"},
                                   {"topicFilterType", "SINGLE_TAG"},
                                   {"order", "false"}}))
              .code
            == 0);
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
