#include "app/bench/requests.hpp"

#include "remoting/command_codec.hpp"

#include "troupe/model/properties.hpp"

#include "support/catch.hpp"

using namespace troupe;
using namespace troupe::app;

TEST_CASE("a request of the load carries what it is patched with") {
  bench_options options;
  options.body_bytes = 40;
  auto made =
    send_request(options, {"bench-0", "bench-consumer-0", 3}, body_start::time);
  std::string frame;
  made.append(frame, {7, 1234567890123456, 1000000000000000042});
  auto decoded = remoting::decode_command(frame);
  REQUIRE(decoded);
  CHECK(decoded->opaque == request_template::first_opaque + 7);
  CHECK(decoded->field("b") == "bench-0");
  CHECK(decoded->field("e") == "3");
  CHECK(properties::find(decoded->field("i"), properties::unique_key)
        == "7F00000100002A9F1234567890123456");
  CHECK(decoded->body.view().substr(0, time_digits) == "1000000000000000042");
  CHECK(decoded->body.size() == 40);
}

TEST_CASE("a timed message of the load says when it is to be delivered") {
  bench_options options;
  options.timer_ms = 500;
  auto made =
    send_request(options, {"bench-0", "bench-consumer-0", 3}, body_start::time);
  std::string frame;
  made.append(frame, {7, 1234567890123456, 1000000000000000042, 1700000000123});
  auto decoded = remoting::decode_command(frame);
  REQUIRE(decoded);
  CHECK(properties::find(decoded->field("i"), properties::timer_deliver_ms)
        == "1700000000123");
}

TEST_CASE("every queue is pulled from once for each group") {
  bench_options options;
  options.topics = 2;
  options.queues = 3;
  auto all = targets_of(options, 4);
  CHECK(all.size() == 24);
  CHECK(all.front().group == group_name(0));
  CHECK(all.back().topic == topic_name(options, 1));
  CHECK(all.back().group == group_name(3));
}
