/// Messages with a delay level, and a node that is killed while they arrive.
#include "storage/record.hpp"

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/node.hpp"
#include "support/program.hpp"
#include "support/scratch.hpp"

#include <random>
#include <set>

using namespace troupe;
using namespace troupe::remoting;

namespace {

constexpr int count = 5000;

/// A node of its own process, and a client.
struct life {
  explicit life(const std::string& directory)
    : node({"node", "--data", directory, "--broker-port", "0",
            "--nameserver-port", "0", "--shell-port", "off"}) {
    REQUIRE(node.await_line());
    auto at = node.output.find("broker=");
    REQUIRE(at != std::string::npos);
    port = static_cast<std::uint16_t>(std::stoi(node.output.substr(at + 7)));
  }

  void kill() {
    node.send(SIGKILL);
    node.wait();
  }

  test::program node;
  std::uint16_t port = 0;
};

remoting::command delayed(int number) {
  return test::send_of("T", number % 4, "m" + std::to_string(number),
                       "DELAY\x01"
                       "1\x02");
}

/// Bodies of what has arrived in the four queues.
std::vector<std::string> arrived(test::client& client) {
  std::vector<std::string> bodies;
  for (std::int32_t queue = 0; queue < 4; ++queue) {
    std::int64_t next = 0;
    for (;;) {
      auto found = client.call(test::pull_of("G", "T", queue, next));
      if (found.code != 0)
        break;
      auto bytes = found.body.view();
      while (!bytes.empty()) {
        auto record = storage::decode_record(bytes, storage::record_check::crc);
        REQUIRE(record);
        bodies.emplace_back(record->body);
        bytes.remove_prefix(record->size);
        next = record->offset.value + 1;
      }
    }
  }
  return bodies;
}

} // namespace

TEST_CASE("delays: a kill at any moment repeats none and loses none") {
  auto seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  std::mt19937 chance{seed};
  test::scratch home;
  std::set<std::string> sent;
  {
    life node{home / "data"};
    test::client client{node.port};
    for (int i = 0; i < count; ++i)
      client.send(delayed(i));
    for (int i = 0; i < count; ++i) {
      auto answer = client.receive();
      REQUIRE(answer);
      REQUIRE(answer->code == 0);
      sent.insert("m" + std::to_string(i));
    }
    // A batch is in the log, or a part of it, and nobody has said so yet.
    REQUIRE(test::eventually([&] { return !arrived(client).empty(); }));
    std::this_thread::sleep_for(std::chrono::microseconds{chance() % 20'000});
    node.kill();
  }
  life node{home / "data"};
  test::client client{node.port};
  std::vector<std::string> bodies;
  REQUIRE(test::eventually([&] {
    bodies = arrived(client);
    return bodies.size() >= count;
  }));
  // One that came after all the others: a level is in order.
  client.call(delayed(count));
  sent.insert("m" + std::to_string(count));
  REQUIRE(test::eventually([&] {
    bodies = arrived(client);
    return std::ranges::find(bodies, "m" + std::to_string(count))
           != bodies.end();
  }));
  CHECK(bodies.size() == sent.size());
  CHECK(std::set<std::string>(bodies.begin(), bodies.end()) == sent);
}
