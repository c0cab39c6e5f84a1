#include "storage/state_rows.hpp"

#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <map>
#include <random>

using namespace troupe;
using namespace troupe::storage;

namespace {

using rows_map = std::map<std::string, std::string>;

rows_map rows_of(lmdb& state, table where) {
  rows_map rows;
  auto damaged = state.for_each(where, [&](auto key, auto value) {
    rows.emplace(std::string{key}, std::string{value});
  });
  REQUIRE(damaged);
  CHECK(*damaged == 0);
  return rows;
}

std::unique_ptr<lmdb> open_state(const std::string& directory) {
  auto state = lmdb::open(directory);
  if (!state)
    FAIL(describe(state.error()));
  return std::move(*state);
}

} // namespace

TEST_CASE("topics, groups and versions are read as they were written") {
  topic_config topic;
  topic.name = "T";
  topic.read_queues = 3;
  topic.write_queues = 5;
  topic.perm = permission::read;
  topic.order = true;
  topic.attributes = {{"a", "b"}, {"message.type", "FIFO"}};
  auto topic_again = decode_topic("T", encode_topic(topic));
  REQUIRE(topic_again);
  CHECK(*topic_again == topic);
  group_config group;
  group.name = "G";
  group.retry_max_times = 4;
  group.retry_policy = "{}";
  group.attributes = {{"x", "y"}};
  auto group_again = decode_group("G", encode_group(group));
  REQUIRE(group_again);
  CHECK(*group_again == group);
  data_version version{1, 2, 3};
  CHECK(decode_version(encode_version(version)) == version);
  auto key = decode_offset_key(encode_offset_key("G", {"T", {7}}));
  REQUIRE(key);
  CHECK(key->first == "G");
  CHECK(key->second == queue_key{"T", {7}});
  auto setting = decode_setting_key(encode_setting_key("ORDER", "T"));
  REQUIRE(setting);
  CHECK(*setting == std::pair<std::string, std::string>{"ORDER", "T"});
}

TEST_CASE("a row that is cut is no row") {
  topic_config topic;
  topic.attributes = {{"a", "b"}};
  auto whole = encode_topic(topic);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(decode_topic("T", std::string_view{whole}.substr(0, size)));
  }
}

TEST_CASE("state agrees with a map through changes and restarts") {
  auto seed = GENERATE(1u, 2u);
  CAPTURE(seed);
  std::mt19937 random{seed};
  test::scratch home;
  auto state = open_state(home / "state");
  rows_map model;
  for (int round = 0; round < 60; ++round) {
    std::vector<row_change> changes;
    for (auto i = random() % 30; i > 0; --i) {
      auto key = "key" + std::to_string(random() % 50);
      if (random() % 4 == 0) {
        changes.push_back({table::offsets, key, std::nullopt});
        model.erase(key);
      } else {
        auto value = std::string(random() % 300, static_cast<char>(random()));
        changes.push_back({table::offsets, key, value});
        model[key] = value;
      }
    }
    REQUIRE_FALSE(state->write(changes));
    if (random() % 8 == 0) {
      state.reset();
      state = open_state(home / "state");
    }
    REQUIRE(rows_of(*state, table::offsets) == model);
  }
  CHECK(rows_of(*state, table::topics).empty());
}

TEST_CASE("the map grows when it is full") {
  test::scratch home;
  constexpr std::size_t map_bytes = 1u << 20;
  auto state = lmdb::open(home / "state", map_bytes);
  REQUIRE(state);
  std::string value(64u << 10, 'v');
  std::size_t rows = 0;
  for (std::size_t bytes = 0; bytes < map_bytes * 5; bytes += value.size())
    REQUIRE_FALSE((*state)->write(
      {{table::settings, "key" + std::to_string(rows++), value}}));
  CHECK(rows_of(**state, table::settings).size() == rows);
}

TEST_CASE("leases and request modes are read as they were written") {
  lease_row lease;
  lease.key = {{"G", {"%RETRY%G_T", {3}}}, {100}, {1700000000000}};
  lease.invisible_ms = 60000;
  lease.revive_queue = 999;
  lease.attempt = "attempt";
  lease.messages = {{{100}, false, {}, 0}, {{117}, true, {17}, 2}};
  auto again = decode_lease(encode_lease_key(lease.key), encode_lease(lease));
  REQUIRE(again);
  CHECK(*again == lease);
  auto key = encode_lease_key(lease.key);
  auto value = encode_lease(lease);
  for (std::size_t i = 0; i < value.size(); ++i)
    CHECK_FALSE(decode_lease(key, value.substr(0, i)));
  CHECK_FALSE(decode_lease(key.substr(1 + key.size() / 2), value));
  request_mode mode{"T", "G", true, 8};
  auto mode_again = decode_request_mode(encode_request_mode_key(mode),
                                        encode_request_mode(mode));
  REQUIRE(mode_again);
  CHECK(*mode_again == mode);
}
