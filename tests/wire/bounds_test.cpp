/// Clients that ask for too much: memory stays below its bound, the refusal
/// says what was full, and others are served.
#include "storage/record.hpp"

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/few_descriptors.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

#include <csignal>
#include <list>
#include <map>

#include <sys/resource.h>
#include <sys/wait.h>

using namespace troupe;
using namespace troupe::remoting;
using namespace std::chrono_literals;

namespace {

constexpr int success = 0;
constexpr int system_busy = 2;
constexpr std::int64_t memory_max = 16 << 20;

cast_options options_of(const std::string& directory) {
  cast_options options;
  options.data_directory = directory;
  options.memory_max = memory_max;
  return options;
}

/// A number from the broker's runtime info.
std::int64_t figure(test::client& client, const std::string& name) {
  auto info =
    client.call(test::request(request_code::get_broker_runtime_info, {}));
  auto text = std::string{info.body.view()};
  auto key = '"' + name + "\":\"";
  auto at = text.find(key);
  REQUIRE(at != text.npos);
  return std::stoll(text.substr(at + key.size()));
}

/// A send as bytes, the body cut off after `kept` bytes.
std::string part_of_send(std::size_t body, std::size_t kept) {
  auto request = test::send_of("T", 0, std::string(body, 'x'));
  request.opaque = 7;
  std::string frame;
  append_command(frame, header_encoding::json, request);
  frame.resize(frame.size() - body + kept);
  return frame;
}

} // namespace

TEST_CASE("frames that never end take no more memory than there may be") {
  test::scratch home;
  test::node node{options_of(home / "data")};
  test::client good{node.broker_port()};
  REQUIRE(good.call(test::send_of("T", 0, "a")).code == success);
  constexpr std::size_t body = 3 << 20;
  std::list<test::client> bad;
  int refused = 0;
  for (int i = 0; i < 10; ++i) {
    auto& client = bad.emplace_back(node.broker_port());
    client.write(part_of_send(body, 1000));
    if (auto answer = client.receive(300ms)) {
      ++refused;
      CHECK(answer->opaque == 7);
      CHECK(answer->code == system_busy);
      auto why = std::string{answer->remark};
      INFO(why);
      CHECK(why.find("bytes of --memory-max are in use") != why.npos);
      CHECK(why.find("retry") != why.npos);
      // The rest of it is passed over, and the connection is of use again.
      client.write(std::string(body - 1000, 'x'));
      CHECK(client.call(test::send_of("T", 0, "b")).code == success);
    }
  }
  CHECK(refused >= 5);
  CHECK(figure(good, "troupe.refused.memory") == refused);
  CHECK(figure(good, "troupe.memory.used") <= memory_max);
  CHECK(good.call(test::send_of("T", 0, "c")).code == success);
  bad.clear();
  REQUIRE(test::eventually([&] {
    return figure(good, "troupe.memory.used") < static_cast<int>(body);
  }));
  // What they held is free again: such a frame is read to its end, to be found
  // too long for the small segments of a test.
  good.write(part_of_send(body, body));
  auto large = good.receive();
  REQUIRE(large);
  CHECK(large->code == static_cast<int>(response_code::message_illegal));
  CHECK(figure(good, "troupe.refused.memory") == refused);
}

TEST_CASE("a client that asks and does not read holds up only itself") {
  test::scratch home;
  test::node node{options_of(home / "data")};
  test::client good{node.broker_port()};
  // In turn, so that the messages of a queue do not lie side by side: they are
  // copied, not borrowed from the log.
  const std::string body(4000, '.');
  for (int i = 0; i < 70; ++i)
    for (const auto* topic : {"T", "U"})
      REQUIRE(good.call(test::send_of(topic, 0, body)).code == success);
  test::client deaf{node.broker_port()};
  constexpr int pulls = 400;
  std::string all;
  for (int i = 0; i < pulls; ++i) {
    auto wish = test::pull_of("G", "T", 0, 0);
    wish.opaque = 1000 + i;
    for (auto& [name, value] : wish.fields)
      if (name == "maxMsgNums")
        value = "64";
    append_command(all, header_encoding::json, wish);
  }
  deaf.write(all);
  for (int i = 0; i < 50; ++i) {
    auto began = std::chrono::steady_clock::now();
    REQUIRE(good.call(test::send_of("U", 0, "x")).code == success);
    CHECK(std::chrono::steady_clock::now() - began < 1s);
  }
  CHECK(figure(good, "troupe.memory.used") <= memory_max);
  // When it reads, each pull has its answer: messages, or that it must wait.
  std::map<int, int> codes;
  for (int i = 0; i < pulls; ++i) {
    auto answer = deaf.receive();
    REQUIRE(answer);
    ++codes[answer->code];
    if (answer->code == system_busy)
      CHECK(std::string{answer->remark}.find("wait for this client to read")
            != std::string::npos);
  }
  CHECK(codes[success] + codes[system_busy] == pulls);
  CHECK(codes[success] > 0);
  CHECK(codes[system_busy] > 0);
  CHECK(figure(good, "troupe.refused.answersNotRead") == codes[system_busy]);
}

TEST_CASE("more pulls than may wait at a queue are told so") {
  test::scratch home;
  test::node node{options_of(home / "data")};
  test::client good{node.broker_port()};
  REQUIRE(good.call(test::send_of("T", 0, "a")).code == success);
  test::client many{node.broker_port()};
  constexpr auto most = static_cast<int>(limits::parked_pulls_per_queue_max);
  std::string all;
  for (int i = 0; i < most + 100; ++i) {
    auto wish = test::pull_of("G", "T", 0, 1, 50000);
    wish.opaque = 1000 + i;
    append_command(all, header_encoding::json, wish);
  }
  many.write(all);
  for (int i = 0; i < 100; ++i) {
    auto answer = many.receive();
    REQUIRE(answer);
    CHECK(answer->code == system_busy);
    CHECK(std::string{answer->remark}.find("4096 pulls wait at this queue")
          != std::string::npos);
  }
  CHECK(figure(good, "troupe.refused.waitingPulls") == 100);
  CHECK(figure(good, "troupe.waitingPulls") == most);
  // A message wakes them all.
  REQUIRE(good.call(test::send_of("T", 0, "b")).code == success);
  for (int i = 0; i < most; ++i) {
    auto answer = many.receive();
    REQUIRE(answer);
    REQUIRE(answer->code == success);
  }
  CHECK(figure(good, "troupe.waitingPulls") == 0);
}

namespace {

/// Connections of another process, which keeps them open.
class flood {
public:
  flood(std::uint16_t port, int connections) : child_(::fork()) {
    if (child_ != 0)
      return;
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    rlimit files{4096, 4096};
    ::setrlimit(RLIMIT_NOFILE, &files);
    for (int i = 0; i < connections; ++i)
      ::connect(::socket(AF_INET, SOCK_STREAM, 0),
                reinterpret_cast<const sockaddr*>(&to), sizeof to);
    for (;;)
      ::pause();
  }

  ~flood() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

  flood(const flood&) = delete;
  flood& operator=(const flood&) = delete;

private:
  pid_t child_;
};

} // namespace

TEST_CASE("a flood of connections keeps no message from its files") {
  constexpr int queues = 300;
  test::scratch home;
  test::few_descriptors limit{256};
  test::node node{options_of(home / "data")};
  test::client good{node.broker_port()};
  REQUIRE(good.call(test::create_of("Wide", queues)).code == success);
  const std::string body(2000, '.'); // several segments
  {
    flood many{node.broker_port(), 400};
    REQUIRE(test::eventually(
      [&] { return figure(good, "troupe.refused.connections") > 200; }));
    for (int queue = 0; queue < queues; ++queue)
      REQUIRE(good.call(test::send_of("Wide", queue, body)).code == success);
    for (int queue = 0; queue < queues; queue += 29)
      CHECK(good.call(test::pull_of("G", "Wide", queue, 0)).code == success);
  }
  CHECK(test::eventually([&] {
    test::client another{node.broker_port()};
    another.send(test::send_of("Wide", 0, "x"));
    return another.receive(500ms).has_value();
  }));
}
