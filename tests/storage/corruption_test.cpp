/// One flipped bit in any file of a store: it is seen, and nothing but what
/// was stored is ever given back.
#include "storage/key_index.hpp"
#include "storage/state_probe.hpp"
#include "storage/state_rows.hpp"
#include "storage/store_verify.hpp"

#include "troupe/log.hpp"

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/golden.hpp"
#include "support/scratch.hpp"
#include "support/small_store.hpp"

#include <set>

using namespace troupe;
using namespace troupe::storage;

namespace {

/// Forty messages in two queues over three segments, all derived files written.
void fill(test::small_store& store) {
  REQUIRE(store.open());
  for (int i = 0; i < 40; ++i) {
    auto body = "message-" + std::to_string(i) + std::string(60, '.');
    store.send(i % 2, body, i % 3 == 0 ? "A" : "B");
    if (i % 19 == 18)
      store.checkpoint();
  }
  store.checkpoint();
  store.close();
}

void fill_state(const std::string& directory) {
  auto env = lmdb::open(directory);
  REQUIRE(env);
  std::vector<row_change> rows;
  for (int i = 0; i < 40; ++i) {
    topic_config topic;
    topic.name = "topic-" + std::to_string(i);
    rows.push_back({table::topics, topic.name, encode_topic(topic)});
    rows.push_back({table::offsets,
                    encode_offset_key("group", {topic.name, {i}}),
                    encode_number(i * 1000)});
  }
  REQUIRE_FALSE((*env)->write(rows));
}

std::map<std::int64_t, std::string> records_in(const std::string& directory,
                                               scanned_log& found) {
  std::map<std::int64_t, std::string> bodies;
  auto log = scan_log(
    directory,
    [&](const record_view& x) {
      bodies.emplace(x.position.value,
                     std::string{x.topic} + "/" + std::to_string(x.queue.value)
                       + "/" + std::to_string(x.offset.value) + "/"
                       + std::string{x.properties} + "/" + std::string{x.body});
    },
    {});
  REQUIRE(log);
  found = std::move(*log);
  return bodies;
}

struct quiet_log {
  quiet_log() { log::least = log::level::off; }

  ~quiet_log() { log::least = log::level::info; }
};

} // namespace

TEST_CASE("any flipped bit of a segment is seen and never given back") {
  test::scratch home;
  test::small_store store{home / "data"};
  fill(store);
  scanned_log whole;
  auto originals = records_in(home / "data", whole);
  REQUIRE(originals.size() == 40);
  REQUIRE(whole.segments >= 3);
  REQUIRE(whole.damages.empty());
  // The second segment: records follow behind it, and it ends with a blank.
  auto start = test::small_store::segment_bytes;
  auto path = home / "data/commitlog/" + start_name(start);
  auto segment = segment::open(home / "data/commitlog", {start}, start,
                               open_mode::read_only);
  REQUIRE(segment);
  std::int64_t used = start; // end of its last record
  for (const auto& [position, text] : originals)
    if (position >= start && position < 2 * start)
      used = std::max<std::int64_t>(
        used, position + look_at(**segment, {position}).record.size);
  for (std::int64_t bit = 0; bit < start * 8; ++bit) {
    auto at = start + bit / 8;
    test::flipped_bit flip{path, static_cast<std::size_t>(bit)};
    scanned_log found;
    auto served = records_in(home / "data", found);
    auto hit = originals.upper_bound(at);
    --hit;
    if (at < used) {
      if (found.damages.size() != 1 || served.size() != originals.size() - 1
          || served.contains(hit->first))
        FAIL("bit " << bit << ": " << found.damages.size() << " damages, "
                    << served.size() << " records");
    } else if (served.size() != originals.size()) {
      FAIL("bit " << bit << " behind the records");
    }
    for (const auto& [position, text] : served)
      if (originals.at(position) != text)
        FAIL("bit " << bit << ": altered at " << position);
  }
}

TEST_CASE("any flipped bit of a row, a run or a checkpoint is reported") {
  quiet_log quiet;
  test::scratch home;
  test::small_store store{home / "data"};
  fill(store);
  fill_state(home / "data/state");
  auto verified = verify_store(home / "data", {});
  REQUIRE(verified);
  for (const auto& x : verified->findings)
    FAIL(x.kind << " " << x.file << ": " << x.what);
  CHECK(verified->rows == 40);
  CHECK(verified->queues == 2);
  CHECK(verified->index_entries == 40);

  struct file_kind {
    std::string kind;
    std::string path;
    std::size_t first;
    std::size_t bytes;
  };

  auto runs = *list_directory(home / "data/index");
  REQUIRE_FALSE(runs.empty());
  std::vector<file_kind> kinds{
    {"row", home / "data/consumequeue/T/0/00000000000000000000", 0, 60},
    {"row", home / "data/consumequeue/T/1/00000000000000000000", 380, 20},
    {"index", home / "data/index/" + runs.front(), 0, 60},
    {"index", home / "data/index/" + runs.front(), 4090, 60},
    {"checkpoint", home / "data/troupe.checkpoint", 0, 40},
    {"checkpoint", home / "data/troupe.checkpoint", 512, 40},
  };
  for (const auto& [kind, path, first, bytes] : kinds)
    for (auto bit = first * 8; bit < (first + bytes) * 8; bit += 3) {
      CAPTURE(kind, path, bit);
      test::flipped_bit flip{path, bit};
      auto found = verify_store(home / "data", {});
      REQUIRE(found);
      REQUIRE_FALSE(found->is_sound());
      for (const auto& x : found->findings)
        if (x.kind != kind)
          FAIL(x.kind << " instead: " << x.what);
    }
}

TEST_CASE("rows of state with a flipped bit are passed over, never altered") {
  quiet_log quiet;
  auto seed = test::seed_of_run("state bits");
  CAPTURE(seed);
  std::mt19937 random{seed};
  test::scratch home;
  fill_state(home / "state");
  auto whole = probe_state(home / "state");
  REQUIRE(whole.readable);
  REQUIRE(whole.rows.size() == 81); // and the format
  std::set<std::string> originals;
  auto text_of = [](const row_change& x) {
    return std::string{table_name(x.where)} + "/" + x.key + "/" + *x.value;
  };
  for (const auto& x : whole.rows)
    originals.insert(text_of(x));
  auto path = home / "state/data.mdb";
  auto bits = std::filesystem::file_size(path) * 8;
  int seen = 0;
  for (int i = 0; i < 1000; ++i) {
    auto bit = random() % bits;
    CAPTURE(bit);
    test::flipped_bit flip{path, bit};
    auto found = probe_state(home / "state");
    seen += !found.readable || !found.damaged.empty() ? 1 : 0;
    for (const auto& x : found.rows)
      REQUIRE(originals.contains(text_of(x)));
  }
  CHECK(seen > 0);
}

TEST_CASE("what a flipped bit has taken is named, and the rest goes on") {
  quiet_log quiet;
  test::scratch home;
  test::small_store store{home / "data"};
  fill(store);
  auto path = home / "data/commitlog/00000000000000000000";
  test::flipped_bit flip{path, 150 * 8};
  auto found = verify_store(home / "data", {});
  REQUIRE(found);
  REQUIRE(found->lost.size() == 1);
  CHECK(found->lost[0].topic == "T");
  CHECK(found->lost[0].queue == 0);
  CHECK(found->lost[0].offset == 0);
  // With everything derived again the others are where they were.
  REQUIRE_FALSE(remove_file(home / "data/troupe.checkpoint"));
  REQUIRE(store.open());
  CHECK(store.store().recovered.damaged_bytes > 0);
  store.acknowledged[0].erase(0);
  store.check();
}
