/// A node whose files get a flipped bit: nothing damaged is served, everything
/// else is.
#include "storage/consume_queue.hpp"
#include "storage/damage_count.hpp"
#include "storage/log_scan.hpp"

#include "troupe/log.hpp"

#include "support/bad_page.hpp"
#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/node.hpp"
#include "support/records.hpp"
#include "support/scratch.hpp"

#include <algorithm>
#include <iterator>
#include <thread>

using namespace troupe;
using namespace troupe::remoting;

namespace {

/// Bodies of queue 0 of T, pulled from the start as a consumer does.
std::vector<std::string> pull_all(test::client& client) {
  std::vector<std::string> bodies;
  for (std::string next = "0";;) {
    auto answer = client.call(test::pull_of("G", "T", 0, std::stoll(next)));
    std::ranges::move(test::bodies_of(answer), std::back_inserter(bodies));
    std::string following{answer.field("nextBeginOffset")};
    if (following == next)
      return bodies;
    next = following;
  }
}

/// The first to pull are told to wait.
void await_derived(test::client& client) {
  for (int i = 0; i < 1000; ++i) {
    auto answer = client.call(test::pull_of("G", "T", 0, 0));
    if (answer.code == 0)
      return;
    INFO(std::string{answer.remark});
    REQUIRE(std::string{answer.remark}.find("derived") != std::string::npos);
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  FAIL("the queue is not derived within ten seconds");
}

/// Messages to queue 0 of T, with as many of another topic between them.
/// @returns their bodies
std::vector<std::string> send(test::client& client, int count,
                              const std::string& properties = {}) {
  std::vector<std::string> bodies;
  for (int i = 0; i < count; ++i) {
    bodies.push_back("message-" + std::to_string(i));
    REQUIRE(client.call(test::send_of("T", 0, bodies.back(), properties)).code
            == 0);
    REQUIRE(client.call(test::send_of("Other", 0, "other")).code == 0);
  }
  return bodies;
}

/// The same to a node that is started for it and has ended again.
std::vector<std::string> store(const cast_options& options, int count,
                               const std::string& properties = {}) {
  test::node node{options};
  test::client client{node.broker_port()};
  auto bodies = send(client, count, properties);
  node.stop();
  return bodies;
}

cast_options options_of(const std::string& directory) {
  cast_options options;
  options.data_directory = directory;
  options.broker_name = "broker-a";
  return options;
}

/// Where the bodies of T lie in the log's first segment, in bytes.
std::vector<std::int64_t> places_of_bodies(const std::string& data) {
  std::vector<std::int64_t> places;
  auto log = storage::scan_log(
    data,
    [&](const storage::record_view& x) {
      if (x.topic == "T")
        places.push_back(x.position.value + 88); // behind the fixed fields
    },
    {});
  REQUIRE(log);
  REQUIRE(places.size() == 10);
  return places;
}

struct quiet_log {
  quiet_log() { log::least = log::level::off; }

  ~quiet_log() { log::least = log::level::info; }
};

} // namespace

TEST_CASE("a pull walks past a damaged message, other queues go on") {
  quiet_log quiet;
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  auto bodies = send(client, 10);
  REQUIRE(pull_all(client) == bodies);
  auto place = places_of_bodies(home / "data")[4];
  test::flipped_bit flip{home / "data/commitlog/00000000000000000000",
                         static_cast<std::size_t>(place) * 8 + 3};
  auto rest = bodies;
  rest.erase(rest.begin() + 4);
  CHECK(pull_all(client) == rest);
  CHECK(pull_all(client) == rest);
  CHECK(client.call(test::pull_of("G", "Other", 0, 0)).code == 0);
  auto info =
    client.call(test::request(request_code::get_broker_runtime_info, {}));
  REQUIRE(info.code == 0);
  CHECK(info.body.view().find("\"damagedRecords\":\"0\"")
        == std::string_view::npos);
  CHECK(info.body.view().find("damagedRecords") != std::string_view::npos);
  // And the queue takes messages as before.
  auto sent = client.call(test::send_of("T", 0, "after"));
  REQUIRE(sent.code == 0);
  CHECK(sent.field("queueOffset") == "10");
}

TEST_CASE("a pull of rows that were cut off while the node runs has an end") {
  quiet_log quiet;
  test::scratch home;
  store(options_of(home / "data"), 10);
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  REQUIRE(pull_all(client).size() == 10);
  auto path = home / "data/consumequeue/T/0/00000000000000000000";
  REQUIRE(::truncate(path.c_str(), 0) == 0);
  auto answer = client.call(test::pull_of("G", "T", 0, 0));
  CHECK(answer.code == static_cast<std::int32_t>(response_code::system_error));
  INFO(std::string{answer.remark});
  CHECK(std::string{answer.remark}.find("troupe store repair")
        != std::string::npos);
  CHECK(client.call(test::pull_of("G", "Other", 0, 0)).code == 0);
}

TEST_CASE("a consume queue that was cut off is derived from the log again") {
  quiet_log quiet;
  auto size = GENERATE(0, 40, 100, 4096);
  CAPTURE(size);
  test::scratch home;
  auto bodies = store(options_of(home / "data"), 10);
  auto path = home / "data/consumequeue/T/0/00000000000000000000";
  REQUIRE(::truncate(path.c_str(), size) == 0);
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  await_derived(client);
  CHECK(pull_all(client) == bodies);
  auto sent = client.call(test::send_of("T", 0, "after"));
  REQUIRE(sent.code == 0);
  CHECK(sent.field("queueOffset") == "10");
  CHECK(client.call(test::pull_of("G", "Other", 0, 0)).code == 0);
  node.stop();
  CHECK_FALSE(storage::path_exists(home / "data/consumequeue/T/0.new"));
}

TEST_CASE("a consume queue that lacks a file is derived again") {
  quiet_log quiet;
  // In the middle; the last one; the last one, empty, behind a full one.
  auto [count, name] = GENERATE(Catch::Generators::table<int, std::string>({
    {10, "00000000000000000080"},
    {10, "00000000000000000160"},
    {8, "00000000000000000160"},
  }));
  CAPTURE(count, name);
  test::scratch home;
  auto options = options_of(home / "data");
  options.consume_queue_file_rows = 4;
  auto bodies = store(options, count);
  REQUIRE_FALSE(storage::remove_file(home / "data/consumequeue/T/0/" + name));
  for (int life = 0; life < 2; ++life) {
    test::node node{options};
    test::client client{node.broker_port()};
    await_derived(client);
    CHECK(pull_all(client) == bodies);
    auto sent = client.call(test::send_of("T", 0, "after"));
    REQUIRE(sent.code == 0);
    CHECK(sent.field("queueOffset") == std::to_string(bodies.size()));
    bodies.emplace_back("after");
    node.stop();
  }
}

TEST_CASE("a damaged row is mended from the log") {
  quiet_log quiet;
  test::scratch home;
  auto bodies = store(options_of(home / "data"), 10);
  auto path = home / "data/consumequeue/T/0/00000000000000000000";
  // A bit of the place, and one of the size.
  auto byte = GENERATE(6u, 11u);
  auto row = GENERATE(0u, 5u, 9u);
  CAPTURE(byte, row);
  {
    auto bit = (row * 20 + byte) * 8 + 2;
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekg(bit / 8);
    auto value = static_cast<char>(file.get() ^ (1 << (bit % 8)));
    file.seekp(bit / 8);
    file.put(value);
  }
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  CHECK(pull_all(client) == bodies);
}

namespace {

/// Reads everything again, all the time.
cast_options scrubbing(const std::string& directory) {
  auto options = options_of(directory);
  options.scrub.bytes_per_second = 1 << 30;
  options.scrub.wait = std::chrono::milliseconds{10};
  options.scrub.pause = std::chrono::milliseconds{10};
  return options;
}

/// How many of the messages in queue 0 of T a consumer of `tag` is given.
std::size_t count_of(test::client& client, const std::string& tag) {
  return test::bodies_of(client.call(test::pull_of("G", "T", 0, 0, 0, tag)))
    .size();
}

std::int64_t figure(test::client& client, const std::string& name) {
  auto info =
    client.call(test::request(request_code::get_broker_runtime_info, {}));
  std::string body{info.body.view()};
  auto at = body.find("\"" + name + "\":\"");
  REQUIRE(at != body.npos);
  return std::stoll(body.substr(at + name.size() + 4));
}

} // namespace

TEST_CASE("a row that no consumer looks at is mended all the same") {
  quiet_log quiet;
  test::scratch home;
  store(options_of(home / "data"), 10, "TAGS\x01wanted\x02");
  // In the tag's hash, in the size (it seems to be unused), in the place.
  auto bit = GENERATE(19 * 8 + 2, 8 * 8 + 7, 5 * 8);
  CAPTURE(bit);
  test::flipped_bit flip{home / "data/consumequeue/T/0/00000000000000000000",
                         4 * 20 * 8 + static_cast<std::size_t>(bit)};
  if (bit == 19 * 8 + 2) {
    test::node node{home / "data"};
    test::client client{node.broker_port()};
    CHECK(count_of(client, "wanted") == 9);
    node.stop();
  }
  test::node node{scrubbing(home / "data")};
  test::client client{node.broker_port()};
  CHECK(test::eventually([&] { return count_of(client, "wanted") == 10; }));
  CHECK(figure(client, "mendedRows") > 0);
  CHECK(figure(client, "scrubbedBytes") > 0);
}

TEST_CASE("a damaged record is told before anybody reads it") {
  quiet_log quiet;
  test::scratch home;
  store(options_of(home / "data"), 10);
  auto place = places_of_bodies(home / "data")[4];
  test::flipped_bit flip{home / "data/commitlog/00000000000000000000",
                         static_cast<std::size_t>(place) * 8 + 3};
  auto before = storage::damaged_records.load();
  test::node node{scrubbing(home / "data")};
  CHECK(
    test::eventually([&] { return storage::damaged_records.load() > before; }));
}

TEST_CASE("a page that the disk does not give holds back no other message") {
  quiet_log quiet;
  constexpr std::int64_t messages = 30;
  test::scratch home;
  {
    test::node node{home / "data"};
    test::client client{node.broker_port()};
    for (int i = 0; i < messages; ++i)
      REQUIRE(client.call(test::send_of("T", 0, std::string(1000, 'x'))).code
              == 0);
    node.stop();
  }
  test::bad_page bad{home / "data/commitlog/00000000000000000000",
                     3 * test::bad_page::bytes};
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  std::int64_t served = 0;
  std::int64_t refused = 0;
  for (std::int64_t next = 0; next < messages;) {
    auto answer = client.call(test::pull_of("G", "T", 0, next));
    if (answer.code != 0) {
      std::string why{answer.remark};
      CAPTURE(next, why);
      REQUIRE(why.find("Input/output error") != why.npos);
      ++refused;
      ++next; // as somebody who sets the progress behind it
      continue;
    }
    auto following = std::stoll(std::string{answer.field("nextBeginOffset")});
    REQUIRE(following > next);
    served += following - next;
    next = following;
  }
  CHECK(served + refused == messages);
  CHECK(refused >= 3);
  CHECK(refused <= 5); // of those that lie on it
}
