#include "storage/scrub.hpp"

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"
#include "support/small_store.hpp"

#include <unistd.h>

using namespace troupe;
using namespace troupe::storage;

namespace {

constexpr std::int64_t piece_bytes = 1500;

std::vector<known_segment> segments_of(test::small_store& store) {
  std::vector<known_segment> result;
  for (const auto& x : store.store().log->segments())
    result.push_back({x->end(), x->end() - x->start()});
  return result;
}

/// All pieces of the log, joined.
scrubbed_piece look_at_all(test::small_store& store) {
  auto directory = store.directory();
  scrub all{directory, test::small_store::file_rows};
  all.follow(segments_of(store));
  scrubbed_piece result;
  result.next = store.store().log->min();
  auto end = store.store().log->end();
  while (result.next < end) {
    auto piece = all.look(result.next, end, piece_bytes);
    REQUIRE(piece);
    REQUIRE(piece->next > result.next);
    result.next = piece->next;
    result.records += piece->records;
    for (auto& x : piece->damages)
      result.damages.push_back(x);
    for (auto& [key, rows] : piece->wrong)
      for (auto& x : rows)
        result.wrong[key].push_back(x);
  }
  return result;
}

/// Eighty messages in two queues, in several segments and files.
test::small_store filled(const std::string& directory) {
  test::small_store store{directory};
  REQUIRE(store.open());
  for (int i = 0; i < 80; ++i)
    store.send(i % 2, "body-" + std::to_string(i), i % 3 == 0 ? "a" : "b");
  store.checkpoint();
  REQUIRE(store.store().log->segments().size() > 2);
  return store;
}

} // namespace

TEST_CASE("scrub: a sound store has no wrong rows") {
  test::scratch home;
  auto store = filled(home / "data");
  auto seen = look_at_all(store);
  CHECK(seen.records == 80);
  CHECK(seen.damages.empty());
  CHECK(seen.wrong.empty());
}

TEST_CASE("scrub: any flipped bit of a row is found") {
  test::scratch home;
  auto store = filled(home / "data");
  constexpr std::size_t row = 7;
  auto path = home / "data/consumequeue/T/1/00000000000000000000";
  for (std::size_t bit = 0; bit < 8 * consume_row_bytes; ++bit) {
    CAPTURE(bit);
    test::flipped_bit flip{path, row * 8 * consume_row_bytes + bit};
    auto seen = look_at_all(store);
    REQUIRE(seen.damages.empty());
    REQUIRE(seen.wrong.size() == 1);
    REQUIRE(seen.wrong.begin()->first == queue_key{"T", {1}});
    const auto& rows = seen.wrong.begin()->second;
    REQUIRE(rows.size() == 1);
    REQUIRE(rows[0].at == queue_offset{row});
    REQUIRE(rows[0].found != rows[0].wanted);
    auto there =
      store.store().log->reader().read_record(rows[0].wanted.position);
    REQUIRE(there);
    REQUIRE(rows[0].wanted.size == static_cast<std::int32_t>(there->size));
  }
}

TEST_CASE("scrub: a damaged record is told, those behind it are looked at") {
  test::scratch home;
  auto store = filled(home / "data");
  auto bit = GENERATE(range<std::size_t>(0, 90 * 8, 37));
  CAPTURE(bit);
  test::flipped_bit flip{home / "data/commitlog/00000000000000000000", bit};
  auto seen = look_at_all(store);
  CHECK(seen.records == 79);
  REQUIRE(seen.damages.size() == 1);
  CHECK(seen.damages[0].begin == log_offset{0});
  CHECK(seen.wrong.empty());
}

TEST_CASE("scrub: messages of a topic that was made again are left alone") {
  test::scratch home;
  auto store = filled(home / "data");
  store.close();
  REQUIRE_FALSE(remove_tree(home / "data/consumequeue/T"));
  REQUIRE(store.open());
  for (int i = 0; i < 10; ++i)
    store.send(0, "again", "c");
  store.checkpoint();
  auto seen = look_at_all(store);
  CHECK(seen.records == 90);
  CHECK(seen.wrong.empty());
  // A row of its own that leads astray is still found.
  auto position = store.store().log->min();
  test::flipped_bit flip{home / "data/consumequeue/T/0/00000000000000000000",
                         3 * 8 * consume_row_bytes + 8 * 19};
  seen = look_at_all(store);
  REQUIRE(seen.wrong.size() == 1);
  CHECK(seen.wrong.begin()->second.at(0).at == queue_offset{3});
  CHECK(seen.wrong.begin()->second.at(0).wanted.position > position);
}

TEST_CASE("scrub: bytes that cannot be read are told, and end nobody") {
  test::scratch home;
  auto store = filled(home / "data");
  auto path = store.store().log->segments()[1]->backing()->path();
  REQUIRE(::truncate(path.c_str(), 0) == 0);
  auto seen = look_at_all(store);
  REQUIRE(seen.damages.size() == 1);
  CHECK(seen.damages[0].bytes == test::small_store::segment_bytes);
  CHECK(seen.damages[0].why.find(path) != std::string::npos);
  CHECK(seen.wrong.empty());
  // The log has it mapped since before.
  auto there = store.store().log->reader().read_record(seen.damages[0].begin);
  REQUIRE_FALSE(there);
  CHECK(is(there.error(), errc::log_read_failed));
  CHECK(context_of(there.error()).find("cut off") != std::string::npos);
}
