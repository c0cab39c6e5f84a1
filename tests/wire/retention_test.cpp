/// Old segments go while the node runs; clients are told where to go on.
#include "storage/file.hpp"
#include "storage/record.hpp"

#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

#include <caf/scoped_actor.hpp>

#include <filesystem>
#include <fstream>
#include <thread>

using namespace troupe;
using namespace troupe::remoting;
using namespace std::chrono_literals;

namespace {

constexpr auto kept = 3 * limits::segment_bytes_min;

cast_options options_of(const std::string& directory) {
  cast_options options;
  options.data_directory = directory;
  options.retention.bytes_max = kept;
  options.retention_period = 50ms;
  // Small files, so that those of the queue go too.
  options.consume_queue_file_rows = 100;
  return options;
}

std::size_t files_in(const std::string& directory) {
  return storage::list_directory(directory)->size();
}

std::int64_t field_of(const command& answer, const char* field) {
  return std::stoll(std::string{answer.field(field)});
}

/// Waits until `holds` or ten seconds are over.
bool soon(const std::function<bool()>& holds) {
  for (int i = 0; i < 200; ++i) {
    if (holds())
      return true;
    std::this_thread::sleep_for(50ms);
  }
  return false;
}

void fill(test::client& client, int count) {
  const std::string body(1000, '.');
  for (int i = 0; i < count; ++i)
    REQUIRE(client.call(test::send_of("T", 0, std::to_string(i) + body)).code
            == 0);
}

/// Reads the queue from `offset` on and expects no gap.
/// @returns where it ends
std::int64_t read_on(test::client& client, std::int64_t offset) {
  for (;;) {
    auto answer = client.call(test::pull_of("G", "T", 0, offset));
    if (answer.code == static_cast<std::int32_t>(response_code::pull_not_found))
      return offset;
    REQUIRE(answer.code == 0);
    auto bytes = answer.body.view();
    while (!bytes.empty()) {
      auto record = storage::decode_record(bytes, storage::record_check::crc);
      REQUIRE(record);
      REQUIRE(record->offset.value == offset);
      ++offset;
      bytes.remove_prefix(record->size);
    }
  }
}

} // namespace

TEST_CASE("old segments go, and readers that fell behind are sent on") {
  test::scratch home;
  auto segments = home / "data/commitlog";
  auto rows = home / "data/consumequeue/T/0";
  std::int64_t first = 0;
  {
    test::node node{options_of(home / "data")};
    test::client client{node.broker_port()};
    fill(client, 600);
    // Three segments, and perhaps one that was made ahead.
    REQUIRE(soon([&] { return files_in(segments) <= 4; }));
    auto pull = test::pull_of("G", "T", 0, 0);
    REQUIRE(soon([&] {
      return client.call(pull).code
             == static_cast<std::int32_t>(response_code::pull_offset_moved);
    }));
    auto moved = client.call(pull);
    first = field_of(moved, "nextBeginOffset");
    CHECK(first > 300);
    CHECK(first < 600);
    CHECK(field_of(moved, "minOffset") == first);
    CHECK(field_of(moved, "maxOffset") == 600);
    CHECK(read_on(client, first) == 600);
    auto min = client.call(test::request(request_code::get_min_offset,
                                         {{"topic", "T"}, {"queueId", "0"}}));
    CHECK(field_of(min, "offset") == first);
    CHECK(files_in(rows) < 6);
    CHECK(files_in(rows) >= 1);
    node.stop();
  }
  // The same after a restart, and offsets go on where they were.
  test::node again{options_of(home / "data")};
  test::client client{again.broker_port()};
  // A file that was about to be removed is taken back at first.
  CHECK(soon([&] {
    auto moved = client.call(test::pull_of("G", "T", 0, 0));
    return field_of(moved, "nextBeginOffset") == first;
  }));
  CHECK(read_on(client, first) == 600);
  CHECK(field_of(client.call(test::send_of("T", 0, "x")), "queueOffset")
        == 600);
}

TEST_CASE("a queue that has not heard that segments went finds out") {
  test::scratch home;
  auto options = options_of(home / "data");
  options.retention.bytes_max = 0;
  {
    test::node node{options};
    test::client client{node.broker_port()};
    fill(client, 300);
    node.stop(); // so that all rows are derived
  }
  test::node node{options};
  test::client client{node.broker_port()};
  CHECK(read_on(client, 0) == 300); // its queue is open
  {
    // The word of retention to the queues is left out.
    caf::scoped_actor self{node.system()};
    self
      ->request(node.cast().commit_log, caf::infinite,
                drop_segments{{2 * limits::segment_bytes_min}})
      .receive([](const segments_dropped& x) { CHECK(x.paths.size() == 2); },
               [](const caf::error& x) { FAIL(describe(x)); });
  }
  auto moved = client.call(test::pull_of("G", "T", 0, 0));
  CHECK(moved.code
        == static_cast<std::int32_t>(response_code::pull_offset_moved));
  auto first = field_of(moved, "nextBeginOffset");
  CHECK(first > 100);
  CHECK(read_on(client, first) == 300);
  // In the middle of what went, too.
  moved = client.call(test::pull_of("G", "T", 0, first - 1));
  CHECK(field_of(moved, "nextBeginOffset") == first);
}

TEST_CASE("a row that seems to be of a removed segment is looked up") {
  test::scratch home;
  auto options = options_of(home / "data");
  std::int64_t first = 0;
  {
    test::node node{options};
    test::client client{node.broker_port()};
    fill(client, 600);
    REQUIRE(soon([&] { return files_in(home / "data/commitlog") <= 4; }));
    node.stop();
  }
  // One file of the queue that stays is damaged: positions begin with zero.
  options.retention.bytes_max = 0;
  {
    test::node node{options};
    test::client client{node.broker_port()};
    first =
      field_of(client.call(test::pull_of("G", "T", 0, 0)), "nextBeginOffset");
    REQUIRE(first < 500);
    node.stop();
  }
  for (auto row : {1, 50, 99}) {
    CAPTURE(row);
    options.data_directory = home / ("damaged-" + std::to_string(row));
    std::filesystem::copy(home / "data", options.data_directory,
                          std::filesystem::copy_options::recursive);
    {
      std::fstream file{options.data_directory
                          + "/consumequeue/T/0/00000000000000010000",
                        std::ios::in | std::ios::out | std::ios::binary};
      file.seekp(row * 20);
      file.write("\0\0\0\0\0\0\0\0", 8);
    }
    test::node node{options};
    test::client client{node.broker_port()};
    auto moved = client.call(test::pull_of("G", "T", 0, 0));
    CHECK(field_of(moved, "nextBeginOffset") == first);
    CHECK(read_on(client, first) == 600);
  }
}

TEST_CASE("a queue whose messages are all gone does not begin again") {
  test::scratch home;
  {
    test::node node{options_of(home / "data")};
    test::client client{node.broker_port()};
    // Exactly one file of rows: the one behind it has none.
    for (int i = 0; i < 100; ++i)
      REQUIRE(client.call(test::send_of("Old", 0, "x")).code == 0);
    fill(client, 600);
    REQUIRE(soon([&] {
      return field_of(
               client.call(test::request(request_code::get_min_offset,
                                         {{"topic", "Old"}, {"queueId", "0"}})),
               "offset")
             == 100;
    }));
    node.stop();
  }
  test::node again{options_of(home / "data")};
  test::client client{again.broker_port()};
  CHECK(field_of(client.call(test::send_of("Old", 0, "x")), "queueOffset")
        == 100);
}

TEST_CASE("a delayed message holds its segment until it is delivered") {
  test::scratch home;
  auto options = options_of(home / "data");
  options.delays = *delay_levels::parse("1s 6s");
  test::node node{options};
  test::client client{node.broker_port()};
  auto sent = std::chrono::steady_clock::now();
  REQUIRE(client
            .call(test::send_of("Late", 0, "late",
                                "DELAY\x01"
                                "2\x02"))
            .code
          == 0);
  fill(client, 600);
  std::this_thread::sleep_for(4s); // a checkpoint and many rounds
  auto held = files_in(home / "data/commitlog");
  // On a machine so slow that it has been delivered, there is nothing to see.
  if (std::chrono::steady_clock::now() - sent < 6s)
    CHECK(held > 8);
  else
    WARN("delivered before its segment could be looked at");
  auto late = test::pull_of("G", "Late", 0, 0, 10000);
  client.send(late);
  auto answer = client.receive(15s);
  REQUIRE(answer);
  REQUIRE(answer->code == 0);
  auto record =
    storage::decode_record(answer->body.view(), storage::record_check::crc);
  REQUIRE(record);
  CHECK(record->body == "late");
  // The delivered copy is new; the old one does not hold anything any more.
  CHECK(soon([&] { return files_in(home / "data/commitlog") <= 4; }));
}
