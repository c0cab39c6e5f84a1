#include "storage/state_check.hpp"
#include "storage/state_rows.hpp"

#include "troupe/log.hpp"

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <filesystem>
#include <map>
#include <random>

using namespace troupe;
using namespace troupe::storage;

namespace {

struct quiet_log {
  quiet_log() { log::least = log::level::off; }

  ~quiet_log() { log::least = log::level::info; }
};

using rows_map = std::map<std::pair<table, std::string>, std::string>;

constexpr std::array tables{table::topics, table::offsets, table::deadlines,
                            table::leases};

/// Random changes of many rows, some longer than a page.
std::vector<row_change> random_changes(std::mt19937& random, rows_map& model) {
  std::vector<row_change> changes;
  for (auto i = random() % 60; i > 0; --i) {
    auto where = tables[random() % tables.size()];
    auto key = std::to_string(random() % 200)
               + std::string(random() % 60, static_cast<char>(random()));
    if (random() % 3 == 0 && !model.empty()) {
      auto found = model.lower_bound({where, key});
      if (found == model.end())
        found = model.begin();
      changes.push_back({found->first.first, found->first.second, {}});
      model.erase(found);
      continue;
    }
    auto longest = random() % 20 == 0 ? 20'000u : 200u;
    std::string value(random() % longest, static_cast<char>(random()));
    changes.push_back({where, key, value});
    model[{where, key}] = value;
  }
  return changes;
}

std::unique_ptr<lmdb> open_state(const std::string& directory) {
  auto state = lmdb::open(directory);
  if (!state)
    FAIL(describe(state.error()));
  return std::move(*state);
}

/// None when not all of it can be read.
std::optional<rows_map> rows_in(lmdb& state) {
  rows_map rows;
  for (auto where : tables) {
    auto damaged = state.for_each(where, [&](auto key, auto value) {
      rows[{where, std::string{key}}] = value;
    });
    if (!damaged || *damaged != 0)
      return {};
  }
  return rows;
}

} // namespace

TEST_CASE("the pages of a state are sound whatever is written to it") {
  auto seed = test::seed_of_run("state pages");
  CAPTURE(seed);
  std::mt19937 random{seed};
  test::scratch home;
  rows_map model;
  CHECK_FALSE(check_state(home / "state").exists);
  auto state = open_state(home / "state");
  for (int round = 0; round < 200; ++round) {
    REQUIRE_FALSE(state->write(random_changes(random, model)));
    if (random() % 20 == 0) {
      state.reset();
      state = open_state(home / "state");
    }
    if (random() % 50 == 0) {
      // All of it goes, so that trees become empty.
      std::vector<row_change> all;
      for (const auto& [name, value] : model)
        all.push_back({name.first, name.second, {}});
      model.clear();
      REQUIRE_FALSE(state->write(all));
    }
    auto found = check_state(home / "state");
    INFO(found.why);
    REQUIRE(found.exists);
    REQUIRE(found.is_sound());
    REQUIRE(found.complete);
    REQUIRE(found.rows == std::ssize(model) + 1); // and the format
  }
  auto part = check_state(home / "state", 2);
  CHECK_FALSE(part.complete);
  CHECK(part.is_sound());
}

TEST_CASE("a state with a flipped bit is not used, or nothing of it is lost") {
  quiet_log quiet;
  auto seed = test::seed_of_run("state page bits");
  CAPTURE(seed);
  std::mt19937 random{seed};
  test::scratch home;
  rows_map model;
  {
    auto state = open_state(home / "state");
    while (std::filesystem::file_size(home / "state/data.mdb") < 80'000)
      REQUIRE_FALSE(state->write(random_changes(random, model)));
  }
  auto path = home / "state/data.mdb";
  auto copy = home / "copy";
  std::filesystem::create_directory(copy);
  auto bits = std::filesystem::file_size(path) * 8;
  int seen = 0;
  int unseen = 0;
  constexpr std::size_t head_bits = 200 * 8; // of the first pages: all
  for (std::size_t i = 0; i < 2 * head_bits + 3000; ++i) {
    auto bit = i < 2 * head_bits ? i / head_bits * 4096 * 8 + i % head_bits
                                 : random() % bits;
    CAPTURE(bit);
    test::flipped_bit flip{path, bit};
    auto found = check_state(home / "state");
    if (!found.is_sound()) {
      ++seen;
      continue;
    }
    ++unseen;
    if (unseen % 8 != 0)
      continue; // opening takes a while
    // LMDB can live with it, for reading and for writing.
    std::filesystem::copy(path, copy + "/data.mdb",
                          std::filesystem::copy_options::overwrite_existing);
    auto state = open_state(copy);
    auto expected = model;
    REQUIRE(rows_in(*state) == expected);
    for (int round = 0; round < 3; ++round)
      REQUIRE_FALSE(state->write(random_changes(random, expected)));
    REQUIRE(rows_in(*state) == expected);
  }
  CHECK(seen > 200);
  CHECK(unseen > 200);
}

TEST_CASE("a state that is cut off is not used") {
  test::scratch home;
  auto path = home / "state/data.mdb";
  {
    rows_map model;
    std::mt19937 random{1};
    auto state = open_state(home / "state");
    for (int i = 0; i < 20; ++i)
      REQUIRE_FALSE(state->write(random_changes(random, model)));
  }
  auto bytes = std::filesystem::file_size(path);
  for (auto size = bytes - 4096; size > 0; size -= 4096) {
    CAPTURE(size);
    std::filesystem::resize_file(path, size);
    auto found = check_state(home / "state");
    // A free page at the end may be missed by nobody.
    if (size < bytes / 2)
      CHECK_FALSE(found.is_sound());
  }
}
