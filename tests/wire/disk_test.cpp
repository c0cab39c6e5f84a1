/// Disks that fail or are full: no success after a failure, reads go on, and
/// messages are taken again when there is room.
#include "storage/record.hpp"

#include "support/catch.hpp"
#include "support/disk_faults.hpp"
#include "support/eventually.hpp"
#include "support/node.hpp"
#include "support/records.hpp"
#include "support/scratch.hpp"
#include "support/small_disk.hpp"

#include <thread>

using namespace troupe;
using namespace troupe::remoting;
using namespace std::chrono_literals;

namespace {

constexpr int success = 0;
constexpr int system_error = 1;
constexpr int service_not_available = 14;

command send_one(test::client& client, const std::string& body) {
  return client.call(test::send_of("T", 0, body));
}

/// Sends until one is stored.
bool stored_soon(test::client& client, const std::string& body) {
  for (int i = 0; i < 100; ++i) {
    if (send_one(client, body).code == success)
      return true;
    std::this_thread::sleep_for(100ms);
  }
  return false;
}

/// All bodies of the queue in order; every offset must be there.
std::vector<std::string> bodies_in(test::client& client) {
  std::vector<std::string> bodies;
  for (;;) {
    auto answer = client.call(
      test::pull_of("G", "T", 0, static_cast<std::int64_t>(bodies.size())));
    if (answer.code != success)
      return bodies;
    test::for_each_record(answer, [&](const storage::record_view& x) {
      REQUIRE(x.offset.value == std::ssize(bodies));
      bodies.emplace_back(x.body);
    });
  }
}

command commit_of(std::int64_t offset) {
  return test::request(request_code::update_consumer_offset,
                       {{"consumerGroup", "G"},
                        {"topic", "T"},
                        {"queueId", "0"},
                        {"commitOffset", std::to_string(offset)}});
}

std::string text(const command& answer) {
  return std::string{answer.remark};
}

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("a write that fails refuses that send, and the next one is tried") {
  auto error = GENERATE(EIO, EROFS, ENOSPC, EDQUOT);
  CAPTURE(std::strerror(error));
  test::scratch home;
  test::disk_faults faults{"/commitlog/"};
  {
    test::node node{home / "data"};
    test::client client{node.broker_port()};
    REQUIRE(send_one(client, "a").code == success);
    faults.write_error = error;
    for (int i = 0; i < 3; ++i) {
      auto refused = send_one(client, "lost");
      auto full = error == ENOSPC || error == EDQUOT;
      CHECK(refused.code == (full ? service_not_available : system_error));
      INFO(text(refused));
      CHECK(text(refused).find(std::strerror(error)) != std::string::npos);
      CHECK(text(refused).find(full ? "make room" : "look at the disk")
            != std::string::npos);
    }
    CHECK(bodies_in(client) == texts{"a"});
    faults.write_error = 0;
    REQUIRE(send_one(client, "b").code == success);
    CHECK(bodies_in(client) == texts{"a", "b"});
    node.stop();
  }
  test::node again{home / "data"};
  test::client client{again.broker_port()};
  CHECK(bodies_in(client) == texts{"a", "b"});
}

TEST_CASE("without room for a segment sends wait for room, reads do not") {
  test::scratch home;
  test::disk_faults faults{"/commitlog/"};
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  faults.reserve_error = ENOSPC;
  const std::string body(10000, '.');
  command refused;
  std::size_t stored = 0;
  while ((refused = send_one(client, body)).code == success)
    REQUIRE(++stored < 100);
  INFO(text(refused));
  CHECK(refused.code == service_not_available);
  CHECK(text(refused).find("cannot reserve space") != std::string::npos);
  CHECK(bodies_in(client).size() == stored);
  CHECK(send_one(client, body).code == service_not_available);
  faults.reserve_error = 0;
  REQUIRE(stored_soon(client, "again"));
  auto bodies = bodies_in(client);
  REQUIRE(bodies.size() == stored + 1);
  CHECK(bodies.back() == "again");
}

TEST_CASE("a sync that finds no room gives up what it had, then goes on") {
  test::scratch home;
  test::disk_faults faults{"/commitlog/"};
  {
    test::node node{home / "data"};
    test::client client{node.broker_port()};
    test::client other{node.broker_port()};
    REQUIRE(send_one(client, "a").code == success);
    faults.sync_error = ENOSPC;
    for (int i = 0; i < 20; ++i) // one round, then refused at once
      other.send(test::send_of("T", 0, "lost"));
    auto refused = send_one(client, "lost");
    INFO(text(refused));
    CHECK(refused.code == service_not_available);
    CHECK(text(refused).find("make room") != std::string::npos);
    for (int i = 0; i < 20; ++i) {
      auto answer = other.receive();
      REQUIRE(answer);
      CHECK(answer->code == service_not_available);
    }
    CHECK(bodies_in(client) == texts{"a"});
    auto before = faults.failed.load();
    REQUIRE(test::eventually([&] { return faults.failed > before; }));
    CHECK(send_one(client, "lost").code == service_not_available);
    faults.sync_error = 0;
    REQUIRE(stored_soon(client, "b"));
    REQUIRE(send_one(client, "c").code == success);
    CHECK(bodies_in(client) == texts{"a", "b", "c"});
    node.stop();
  }
  test::node again{home / "data"};
  test::client client{again.broker_port()};
  CHECK(bodies_in(client) == texts{"a", "b", "c"});
}

TEST_CASE("a sync that fails for another reason is final, reads go on") {
  test::scratch home;
  test::disk_faults faults{"/commitlog/"};
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  REQUIRE(send_one(client, "a").code == success);
  faults.sync_error = EIO;
  CHECK(send_one(client, "lost").code == service_not_available);
  faults.sync_error = 0;
  auto refused = send_one(client, "lost");
  INFO(text(refused));
  CHECK(refused.code == service_not_available);
  CHECK(text(refused).find("restart") != std::string::npos);
  CHECK(bodies_in(client) == texts{"a"});
}

TEST_CASE("a disk that fills stops sends at the mark, and room starts them") {
  test::small_disk disk{64};
  if (!disk.is_there())
    return;
  test::node node{disk / "data"};
  test::client client{node.broker_port()};
  REQUIRE(send_one(client, "a").code == success);
  disk.leave_free(2 << 20); // the mark is 5 % of 64 MiB
  command refused;
  for (int i = 0; i < 50; ++i) {
    refused = send_one(client, "x");
    if (refused.code != success)
      break;
    std::this_thread::sleep_for(100ms);
  }
  CHECK(refused.code == service_not_available);
  INFO(text(refused));
  CHECK(text(refused).find("--disk-free-min") != std::string::npos);
  auto stored = bodies_in(client);
  CHECK_FALSE(stored.empty());
  CHECK(client.call(commit_of(1)).code == success); // progress goes on
  auto info =
    client.call(test::request(request_code::get_broker_runtime_info, {}));
  CHECK(info.body.view().find("\"troupe.refused.diskFull\":\"0\"")
        == std::string_view::npos);
  disk.make_room();
  REQUIRE(stored_soon(client, "b"));
  stored.emplace_back("b");
  CHECK(bodies_in(client) == stored);
}

TEST_CASE("a disk without a free byte loses nothing that was acknowledged") {
  test::small_disk disk{16};
  if (!disk.is_there())
    return;
  cast_options options;
  options.data_directory = disk / "data";
  options.retention.free_bytes_min = 1; // no mark: into the wall
  texts stored;
  {
    test::node node{options};
    test::client client{node.broker_port()};
    REQUIRE(send_one(client, "a").code == success);
    stored.emplace_back("a");
    disk.leave_free(0);
    auto refused = 0;
    for (int i = 0; i < 40; ++i) {
      auto body = std::to_string(i) + std::string(5000, '.');
      if (auto answer = send_one(client, body); answer.code == success) {
        stored.push_back(body);
      } else {
        ++refused;
        CHECK(answer.code == service_not_available);
      }
    }
    CHECK(refused > 0);
    CHECK(bodies_in(client) == stored);
    // The state has no room either, and says so.
    auto topic = client.call(test::send_of("New", 0, "x"));
    INFO(text(topic));
    CHECK(topic.code != success);
    auto committed = client.call(commit_of(1)).code == success;
    disk.make_room();
    REQUIRE(stored_soon(client, "z"));
    stored.emplace_back("z");
    CHECK(bodies_in(client) == stored);
    if (!committed)
      CHECK(client.call(commit_of(1)).code == success);
    CHECK(client.call(test::send_of("New", 0, "x")).code == success);
    node.stop();
  }
  test::node again{options};
  test::client client{again.broker_port()};
  CHECK(bodies_in(client) == stored);
}
