#include "storage/key_index.hpp"

#include "support/catch.hpp"
#include "support/golden.hpp"
#include "support/scratch.hpp"

#include <algorithm>
#include <random>

using namespace troupe;
using namespace troupe::storage;

namespace {

std::unique_ptr<key_index> open_index(const std::string& directory) {
  auto index = key_index::open(directory);
  if (!index)
    FAIL(describe(index.error()));
  return std::move(*index);
}

constexpr epoch_ms always{std::int64_t{1} << 60};

} // namespace

TEST_CASE("keys are found newest first, over runs, merges and a restart") {
  auto seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  std::mt19937 random{seed};
  test::scratch home;
  auto index = open_index(home / "index");
  std::vector<index_entry> model;
  log_offset end;
  for (int round = 0; round < 40; ++round) {
    std::vector<index_entry> batch;
    for (auto i = random() % 50; i > 0; --i) {
      index_entry entry;
      entry.hash = index_hash("T", std::to_string(random() % 20));
      entry.position = end;
      entry.store_time = {1000 + round};
      end += 100;
      batch.push_back(entry);
      model.push_back(entry);
    }
    index->add(batch, end);
    if (random() % 3 == 0)
      REQUIRE_FALSE(index->flush());
    if (random() % 10 == 0) {
      REQUIRE_FALSE(index->flush());
      index = open_index(home / "index");
      CHECK(index->covered_end() == end);
    }
    auto hash = index_hash("T", std::to_string(random() % 20));
    auto from = 1000 + static_cast<std::int64_t>(random() % 40);
    auto found = index->find(hash, {from}, always, 10000);
    REQUIRE(found);
    std::vector<log_offset> wanted;
    for (const auto& x : model)
      if (x.hash == hash && x.store_time.value >= from)
        wanted.push_back(x.position);
    std::ranges::reverse(wanted);
    CHECK(*found == wanted);
  }
  CHECK(list_directory(home / "index")->size() < 20);
}

TEST_CASE("a damaged run is put aside and derived again") {
  test::scratch home;
  auto hash = index_hash("T", "k");
  {
    auto index = open_index(home / "index");
    index->add({{hash, {0}, {5}}}, {100});
    REQUIRE_FALSE(index->flush());
  }
  auto names = *list_directory(home / "index");
  REQUIRE(names.size() == 1);
  auto path = home / ("index/" + names.front());
  auto whole = test::read_file(path);
  for (std::size_t at = 0; at < whole.size(); at += at % 4096 < 64 ? 1 : 37) {
    auto bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    std::ofstream{path, std::ios::binary} << bytes;
    CAPTURE(at);
    auto index = open_index(home / "index");
    if (index->covered_end() == log_offset{}) { // noticed: the log is asked
      index->add({{hash, {0}, {5}}}, {100});
      CHECK(index->find(hash, {}, always, 9).value()
            == std::vector<log_offset>{{0}});
    } else {
      // The highest bit of a checksum is not kept, a flip there changes
      // nothing.
      auto found = index->find(hash, {}, always, 9);
      if (found)
        CHECK(*found == std::vector<log_offset>{{0}});
      else
        CHECK(is(found.error(), errc::corrupt_file));
    }
    auto left = *list_directory(home / "index");
    for (const auto& name : left)
      REQUIRE_FALSE(remove_file(home / ("index/" + name)));
  }
}
