/// Receipts and the JSON bodies around pops, golden ones among them.
#include "remoting/bodies/pop_bodies.hpp"
#include "remoting/command_codec.hpp"

#include "support/catch.hpp"
#include "support/golden.hpp"

using namespace troupe;
using namespace troupe::remoting;

TEST_CASE("a receipt is read as it was written") {
  auto text = std::string{"100 1700000000000 60000 3 0 broker-a 1 105"};
  auto receipt = parse_receipt(text);
  REQUIRE(receipt);
  CHECK(receipt->start == queue_offset{100});
  CHECK(receipt->pop_time == epoch_ms{1700000000000});
  CHECK(receipt->invisible_ms == 60000);
  CHECK(receipt->revive_queue == 3);
  CHECK(receipt->source == 0);
  CHECK(receipt->broker == "broker-a");
  CHECK(receipt->queue == queue_id{1});
  CHECK(receipt->offset == queue_offset{105});
  CHECK(to_string(*receipt) == text);
  CHECK(parse_receipt(text + " 4711")); // with a log offset
  CHECK(parse_receipt("100 1700000000000 60000 3 0 broker-a 1"));
}

TEST_CASE("what is no receipt is none") {
  auto text =
    GENERATE("", " ", "1 2 3", "a 2 3 4 0 b 1 5", "1 2 3 4 0 b x 5",
             "1 2 3 4 0 b 1 5 6 7", "99999999999999999999 2 3 4 0 b 1 5");
  CAPTURE(text);
  CHECK_FALSE(parse_receipt(text));
}

TEST_CASE("a batch of acknowledgements names offsets by bits") {
  auto acks = decode_batch_ack(
    R"({"acks":[{"b":"BQI=","c":"G","it":60000,"pt":7,"q":1,"r":"0","rq":3,)"
    R"("so":100,"t":"T"},{"b":"AQ==","c":"G","pt":8,"q":0,"r":"1","rq":999,)"
    R"("so":5,"t":"T"}],"brokerName":"b"})");
  REQUIRE(acks);
  REQUIRE(acks->size() == 2);
  const auto& first = (*acks)[0];
  CHECK(first.lease == lease_key{{"G", {"T", {1}}}, {100}, {7}});
  CHECK(first.offsets == std::vector<queue_offset>{{100}, {102}, {109}});
  CHECK(first.order == pop_order::any);
  CHECK((*acks)[1].lease.queue.queue.topic == "%RETRY%G_T");
  CHECK((*acks)[1].order == pop_order::in_order);
  CHECK(decode_batch_ack("{}")->empty());
  CHECK_FALSE(decode_batch_ack("nonsense"));
}

TEST_CASE("request modes and assignments are RocketMQ's texts") {
  auto mode = decode_request_mode(
    R"({"consumerGroup":"G","mode":"POP","popShareQueueNum":8,"topic":"T"})");
  REQUIRE(mode);
  CHECK(*mode == request_mode{"T", "G", true, 8});
  std::vector<request_mode> modes{
    {"A", "G", false, 0}, *mode, {"T", "H", true, 1}};
  CHECK(encode_request_modes(modes)
        == R"({"messageRequestModeMap":{"A":{"G":{"consumerGroup":"G",)"
           R"("mode":"PULL","popShareQueueNum":0,"topic":"A"}},)"
           R"("T":{"G":{"consumerGroup":"G","mode":"POP",)"
           R"("popShareQueueNum":8,"topic":"T"},"H":{"consumerGroup":"H",)"
           R"("mode":"POP","popShareQueueNum":1,"topic":"T"}}}})");
  CHECK_FALSE(decode_request_mode(R"({"mode":"X","topic":"T"})"));
  CHECK_FALSE(decode_request_mode(R"({"mode":"POP","topic":"T"})"));
  CHECK(encode_assignment({}, true) == "{}");
  CHECK(encode_assignment(
          std::vector<named_queue>{{"broker-a", {"RAW_T", {-1}}}}, true)
        == R"({"messageQueueAssignments":[{"messageQueue":{"brokerName":)"
           R"("broker-a","queueId":-1,"topic":"RAW_T"},"mode":"POP"}]})");
}

TEST_CASE("golden requests of pops are read") {
  auto folder = test::golden_directory() / "frames";
  if (!std::filesystem::exists(folder)) {
    WARN("no golden frames at " << folder << "; nothing was checked");
    return;
  }
  auto frame_of = [&](const std::string& name) {
    auto command = decode_command(test::read_file(folder / name));
    REQUIRE(command);
    return *command;
  };
  auto batch = decode_batch_ack(
    frame_of("200151_batch_ack_message__own-client__to_broker-5.3.2__req.bin")
      .body.view());
  REQUIRE(batch);
  REQUIRE(batch->size() == 1);
  CHECK((*batch)[0].offsets == std::vector<queue_offset>{{2}, {3}, {4}});
  auto query = decode_assignment_query(
    frame_of("400_query_assignment__java-5.3.2__to_broker-5.3.2__req.bin")
      .body.view());
  REQUIRE(query);
  CHECK(query->strategy == "AVG");
  CHECK(query->topic == "%RETRY%HG_pop-share_g_xfvgm");
  for (const auto* name :
       {"401_set_message_request_mode__java-5.3.2__to_broker-5.3.2__req.bin",
        "401_set_message_request_mode__mqadmin-5.3.2__to_broker-5.3.2__"
        "req.bin"}) {
    auto mode = decode_request_mode(frame_of(name).body.view());
    REQUIRE(mode);
    CHECK(mode->pop);
    CHECK(mode->share_queues == 8);
  }
  auto change = frame_of(
    "200053_change_message_invisibletime__java-5.3.2__to_broker-5.3.2__"
    "req.bin");
  auto receipt = parse_receipt(change.field("extraInfo"));
  REQUIRE(receipt);
  CHECK(to_string(*receipt) == change.field("extraInfo"));
}
