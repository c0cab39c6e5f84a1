/// What a connection does with bytes that are no good request.
#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

#include <set>

using namespace troupe;
using namespace troupe::remoting;
using namespace std::chrono_literals;

TEST_CASE("an unknown request is answered with what is not supported") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  client.encoding = GENERATE(header_encoding::json, header_encoding::binary);
  auto ask = test::request(request_code{29999}, {});
  auto answer = client.call(ask);
  CHECK(
    answer.code
    == static_cast<std::int32_t>(response_code::request_code_not_supported));
  CHECK(answer.remark.find("29999") != std::string::npos);
}

TEST_CASE("bytes that cannot be a frame end their connection only") {
  test::scratch home;
  test::node node{home / "data"};
  test::client good{node.broker_port()};
  auto bytes = GENERATE(
    std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    std::string("\x7f\xff\xff\xff\0\0\0\0", 8),      // two gigabytes
    std::string("\x01\x00\x00\x01\0\0\0\0", 8),      // a little over 16 MiB
    std::string("\0\0\0\0\0\0\0\0", 8),              // less than its own header
    std::string("\xff\xff\xff\xff\0\0\0\0", 8),      // negative
    std::string("\0\0\0\x08\0\0\0\xff\0\0\0\0", 12), // header beyond the frame
    std::string("\0\0\0\x08\0\0\0\x04{]}[", 12));    // no JSON
  test::client bad{node.broker_port()};
  bad.write(bytes);
  CHECK(bad.is_closed());
  CHECK(good.call(test::send_of("T", 0, "still served")).code == 0);
}

TEST_CASE("a frame that comes byte by byte is one request") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  auto ask = test::send_of("T", 0, "slow");
  ask.opaque = 77;
  std::string frame;
  append_command(frame, header_encoding::json, ask);
  for (char c : frame)
    client.write({&c, 1});
  auto answer = client.receive();
  REQUIRE(answer);
  CHECK(answer->opaque == 77);
  CHECK(answer->code == 0);
}

TEST_CASE("many requests in one write are all answered") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  REQUIRE(client.call(test::send_of("T", 0, "first")).code == 0);
  std::string frames;
  for (int i = 0; i < 500; ++i) {
    auto ask = test::send_of("T", i % 4, std::string(100, 'x'));
    ask.opaque = 1000 + i;
    append_command(frames, header_encoding::binary, ask);
  }
  client.write(frames);
  std::set<std::int32_t> answered;
  for (int i = 0; i < 500; ++i) {
    auto answer = client.receive();
    REQUIRE(answer);
    CHECK(answer->code == 0);
    answered.insert(answer->opaque);
  }
  CHECK(answered.size() == 500);
}

TEST_CASE("a one-way request is done and never answered") {
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  REQUIRE(client.call(test::send_of("T", 0, "first")).code == 0);
  auto ask = test::send_of("T", 0, "one way");
  ask.flag = flag_oneway;
  client.send(ask);
  CHECK_FALSE(client.receive(300ms));
  auto end = client.call(test::request(request_code::get_max_offset,
                                       {{"topic", "T"}, {"queueId", "0"}}));
  CHECK(end.field("offset") == "2");
}

TEST_CASE("a client that leaves in the middle of a frame harms nobody") {
  test::scratch home;
  test::node node{home / "data"};
  for (int i = 0; i < 50; ++i) {
    test::client half{node.broker_port()};
    half.write(std::string("\0\0\x10\0\0\0\0\x40{\"code\":310", 19));
  }
  test::client good{node.broker_port()};
  CHECK(good.call(test::send_of("T", 0, "served")).code == 0);
}

TEST_CASE("a client that never reads is held to a bound, others are served") {
  test::scratch home;
  test::node node{home / "data"};
  test::client good{node.broker_port()};
  std::string body(60'000, 'b');
  for (int i = 0; i < 10; ++i)
    REQUIRE(good.call(test::send_of("T", 0, body)).code == 0);
  test::client deaf{node.broker_port()};
  std::string frames;
  for (int i = 0; i < 200; ++i) {
    auto ask = test::pull_of("G", "T", 0, 0);
    ask.opaque = i;
    append_command(frames, header_encoding::json, ask);
  }
  deaf.write(frames); // asks for tens of megabytes
  for (int i = 0; i < 20; ++i)
    REQUIRE(good.call(test::send_of("T", 1, "quick")).code == 0);
  // All of it comes when it reads at last, or the connection has been ended.
  int answers = 0;
  while (auto answer = deaf.receive(2s))
    ++answers;
  CHECK((answers == 200 || deaf.is_closed(100ms)));
}
