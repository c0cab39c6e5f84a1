#include "storage/consume_queue.hpp"

#include "support/catch.hpp"
#include "support/few_descriptors.hpp"
#include "support/golden.hpp"
#include "support/scratch.hpp"

#include <random>

using namespace troupe;
using namespace troupe::storage;

namespace {

constexpr std::int64_t file_rows = 30;
constexpr log_offset far_end{std::int64_t{1} << 60};

consume_queue open_queue(const std::string& directory, log_offset min = {},
                         log_offset end = far_end) {
  auto queue = consume_queue::open({directory, file_rows}, min, end);
  if (!queue)
    FAIL(describe(queue.error()));
  return std::move(*queue);
}

consume_row row_number(std::int64_t i) {
  return {{i * 100}, static_cast<std::int32_t>(90 + i % 10), -i};
}

} // namespace

// Sheet storage, 31.3.
TEST_CASE("a row has RocketMQ's twenty bytes") {
  test::scratch home;
  auto queue = open_queue(home / "q");
  REQUIRE_FALSE(queue.append({{1000}, 0x5D, 120}));
  REQUIRE_FALSE(queue.append({{1093}, 0x5D, -5}));
  REQUIRE_FALSE(queue.write_rows());
  auto bytes = test::read_file(home / "q/00000000000000000000");
  std::string wanted{"\0\0\0\0\0\0\x03\xE8\0\0\0\x5D\0\0\0\0\0\0\0\x78"
                     "\0\0\0\0\0\0\x04\x45\0\0\0\x5D\xFF\xFF\xFF\xFF\xFF\xFF"
                     "\xFF\xFB",
                     40};
  CHECK(bytes.substr(0, 40) == wanted);
}

TEST_CASE("a queue agrees with a plain list, whatever is done to it") {
  auto seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u);
  CAPTURE(seed);
  std::mt19937 random{seed};
  test::scratch home;
  auto queue = open_queue(home / "q");
  std::vector<consume_row> model;
  std::size_t durable = 0; // rows that survive a crash
  std::int64_t gone = 0;   // rows below were trimmed
  for (int step = 0; step < 600; ++step) {
    switch (random() % 8) {
      case 0:
      case 1:
      case 2:
        for (auto i = random() % 40; i > 0; --i) {
          model.push_back(row_number(static_cast<std::int64_t>(model.size())));
          REQUIRE_FALSE(queue.append(model.back()));
        }
        break;
      case 3:
        REQUIRE_FALSE(queue.write_rows());
        durable = model.size();
        break;
      case 4: // a crash: rows in memory are lost, those written may remain
        REQUIRE_FALSE(queue.write_rows());
        durable = model.size();
        queue = open_queue(home / "q", {gone * 100});
        REQUIRE(queue.end().value >= static_cast<std::int64_t>(durable));
        REQUIRE(queue.end().value == static_cast<std::int64_t>(model.size()));
        break;
      case 5:
        if (!model.empty()) {
          gone = std::max<std::int64_t>(
            gone, static_cast<std::int64_t>(random() % model.size()));
          REQUIRE_FALSE(queue.trim({gone * 100}));
        }
        break;
      case 6:
        queue.release();
        break;
      default:
        break;
    }
    REQUIRE(queue.end().value == static_cast<std::int64_t>(model.size()));
    REQUIRE(queue.min().value == std::min(gone, queue.end().value));
    if (queue.min() < queue.end()) {
      auto span = static_cast<std::uint64_t>(queue.end() - queue.min());
      auto first = queue.min() + static_cast<std::int64_t>(random() % span);
      auto count = 1 + random() % 100;
      std::vector<consume_row> rows;
      REQUIRE_FALSE(queue.read_blocking(first, count, rows));
      auto begin = model.begin() + first.value;
      auto wanted = std::min<std::int64_t>(static_cast<std::int64_t>(count),
                                           queue.end() - first);
      REQUIRE(rows == std::vector<consume_row>(begin, begin + wanted));
    }
  }
}

TEST_CASE("rows of records that a crash took are dropped") {
  test::scratch home;
  {
    auto queue = open_queue(home / "q");
    for (std::int64_t i = 0; i < 100; ++i)
      REQUIRE_FALSE(queue.append(row_number(i)));
    REQUIRE_FALSE(queue.write_rows());
  }
  for (std::int64_t end : {0, 1, 29, 30, 31, 60, 99, 100}) {
    CAPTURE(end);
    if (end < 60) // only the last two files may hold such rows
      continue;
    auto queue = open_queue(home / "q", {}, {end * 100});
    CHECK(queue.end() == queue_offset{end});
  }
}

TEST_CASE("a hole between rows is filled with rows that say so") {
  test::scratch home;
  auto queue = open_queue(home / "q");
  REQUIRE_FALSE(queue.put({0}, row_number(0)));
  REQUIRE_FALSE(queue.put({3}, row_number(3)));
  REQUIRE_FALSE(queue.put({1}, row_number(1))); // found later
  std::vector<consume_row> rows;
  REQUIRE_FALSE(queue.read_blocking({0}, 10, rows));
  REQUIRE(rows.size() == 4);
  CHECK(rows[1] == row_number(1));
  CHECK(rows[2].size == damaged_row_size);
  CHECK(rows[3] == row_number(3));
}

TEST_CASE("offsets go on when all rows of a queue are gone") {
  auto count = GENERATE(as<std::int64_t>{}, 1, 29, 30, 31, 60);
  CAPTURE(count);
  test::scratch home;
  {
    auto queue = open_queue(home / "q");
    for (std::int64_t i = 0; i < count; ++i)
      REQUIRE_FALSE(queue.append(row_number(i)));
    REQUIRE_FALSE(queue.write_rows());
    REQUIRE_FALSE(queue.trim({count * 100}));
    CHECK(queue.min() == queue_offset{count});
    // Behind a full file there is one already.
    CHECK(list_directory(home / "q")->size() == (count % 30 == 0 ? 2 : 1));
  }
  auto queue = open_queue(home / "q", {count * 100}, {count * 100});
  CHECK(queue.min() == queue_offset{count});
  CHECK(queue.end() == queue_offset{count});
}

TEST_CASE("a reader follows what another one has trimmed") {
  test::scratch home;
  auto queue = open_queue(home / "q");
  for (std::int64_t i = 0; i < 100; ++i)
    REQUIRE_FALSE(queue.append(row_number(i)));
  REQUIRE_FALSE(queue.write_rows());
  std::vector<consume_row> rows;
  REQUIRE_FALSE(queue.read_blocking({0}, 1, rows)); // opens the first file
  auto other = open_queue(home / "q", {6500});
  CHECK(other.min() == queue_offset{65});
  queue.follow_trim(other.min());
  CHECK(queue.min() == queue_offset{65});
  rows.clear();
  REQUIRE_FALSE(queue.read_blocking({65}, 35, rows));
  CHECK(rows.size() == 35);
  CHECK(rows.front() == row_number(65));
  REQUIRE_FALSE(queue.append(row_number(100)));
  CHECK(queue.end() == queue_offset{101});
}

TEST_CASE("rows derived again behind segments that went begin where they do") {
  test::scratch home;
  {
    auto queue = open_queue(home / "q");
    for (std::int64_t i = 0; i < 50; ++i)
      REQUIRE_FALSE(queue.append(row_number(i)));
    REQUIRE_FALSE(queue.write_rows());
  }
  {
    // Without a checkpoint no row is trusted; the log begins at message 40.
    auto queue = open_queue(home / "q", {}, {});
    for (std::int64_t i = 40; i < 55; ++i)
      REQUIRE_FALSE(queue.put({i}, row_number(i)));
    REQUIRE_FALSE(queue.write_rows());
  }
  auto queue = open_queue(home / "q", {4000});
  CHECK(queue.min() == queue_offset{40});
  CHECK(queue.end() == queue_offset{55});
  std::vector<consume_row> rows;
  REQUIRE_FALSE(queue.read_blocking({40}, 15, rows));
  REQUIRE(rows.size() == 15);
  CHECK(rows.front() == row_number(40));
  CHECK(rows.back() == row_number(54));
}

TEST_CASE("a directory that cannot be read is no empty queue") {
  test::scratch home;
  {
    auto queue = open_queue(home / "q");
    REQUIRE_FALSE(queue.append(row_number(0)));
    REQUIRE_FALSE(queue.write_rows());
  }
  auto refused = [&] {
    test::few_descriptors none{0}; // whoever opens anything is refused
    return consume_queue::open({home / "q", file_rows}, {}, far_end);
  }();
  auto gone = list_directory(home / "nothing");
  REQUIRE_FALSE(refused);
  CHECK(is(refused.error(), errc::io_failed));
  REQUIRE(gone);
  CHECK(gone->empty());
  CHECK(open_queue(home / "q").end() == queue_offset{1});
}

TEST_CASE("nothing is kept open until its sync when too much is open") {
  test::scratch home;
  auto queue = open_queue(home / "q");
  test::few_descriptors limit{64};
  std::vector<file_ptr> others;
  while (!many_files_open()) {
    auto other = file::open(home / "other", open_mode::create);
    REQUIRE(other);
    others.push_back(*other);
  }
  auto before = open_files.load();
  for (std::int64_t i = 0; i < 100 * file_rows; ++i)
    REQUIRE_FALSE(queue.append(row_number(i)));
  REQUIRE_FALSE(queue.write_rows());
  CHECK(open_files.load() == before);
  auto unsynced = queue.take_unsynced();
  CHECK(unsynced.others);
  CHECK(unsynced.files.empty());
  others.clear();
  REQUIRE_FALSE(queue.append(row_number(100 * file_rows)));
  REQUIRE_FALSE(queue.write_rows());
  unsynced = queue.take_unsynced();
  CHECK_FALSE(unsynced.others);
  CHECK(unsynced.files.size() == 1);
  CHECK(queue.take_unsynced().empty());
  std::vector<consume_row> rows;
  REQUIRE_FALSE(queue.read_blocking({1234}, 1, rows));
  CHECK(rows.at(0) == row_number(1234));
}

TEST_CASE("files of another row count are refused") {
  test::scratch home;
  {
    auto queue = open_queue(home / "q");
    for (std::int64_t i = 0; i < 100; ++i)
      REQUIRE_FALSE(queue.append(row_number(i)));
    REQUIRE_FALSE(queue.write_rows());
  }
  auto other = consume_queue::open({home / "q", 50}, {}, far_end);
  REQUIRE_FALSE(other);
  CHECK(is(other.error(), errc::corrupt_file));
}
