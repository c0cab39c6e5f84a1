#include "retention/retention_state.hpp"

#include "support/catch.hpp"

using namespace troupe;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr epoch_ms now{1000 * hour_ms};

/// Segments of 100 bytes, written to so many hours ago; the last one in use.
std::vector<aged_segment> aged(std::initializer_list<std::int64_t> hours) {
  std::vector<aged_segment> result;
  log_offset end;
  for (auto x : hours) {
    end += 100;
    result.push_back({end, 100, {now.value - x * hour_ms}});
  }
  return result;
}

storage::disk_space space_with(std::int64_t free_percent) {
  constexpr std::int64_t gib = 1 << 30;
  return {100 * gib, free_percent * gib};
}

std::int64_t cut_of(const retention_rules& rules,
                    const std::vector<aged_segment>& segments,
                    disk_level level = disk_level::roomy, int hour = 12) {
  auto cut = wanted_cut(rules, segments, level, now, hour);
  return cut ? cut->value : -1;
}

} // namespace

TEST_CASE("retention: what is older than its time goes, the last one never") {
  retention_rules rules;
  CHECK(cut_of(rules, aged({80, 73, 72, 71, 10})) == 300);
  CHECK(cut_of(rules, aged({71, 80, 80})) == -1); // the oldest first
  CHECK(cut_of(rules, aged({100, 100})) == 100);
  CHECK(cut_of(rules, aged({100})) == -1);
  CHECK(cut_of(rules, {}) == -1);
  rules.keep_ms = 0; // for ever
  CHECK(cut_of(rules, aged({10000, 1})) == -1);
}

TEST_CASE("retention: the hours of deleteWhen bind while there is room") {
  retention_rules rules;
  rules.hours = {4, 16};
  auto segments = aged({80, 1});
  CHECK(cut_of(rules, segments, disk_level::roomy, 12) == -1);
  CHECK(cut_of(rules, segments, disk_level::roomy, 16) == 100);
  CHECK(cut_of(rules, segments, disk_level::expired_must_go, 12) == 100);
  CHECK(cut_of(rules, segments, disk_level::full, 12) == 100);
}

TEST_CASE("retention: by size the oldest go until the rest fits") {
  retention_rules rules;
  rules.keep_ms = 0;
  rules.bytes_max = 250;
  CHECK(cut_of(rules, aged({1, 1})) == -1);
  CHECK(cut_of(rules, aged({1, 1, 1})) == 100);
  CHECK(cut_of(rules, aged({1, 1, 1, 1, 1})) == 300);
  rules.bytes_max = 1; // less than the one in use
  CHECK(cut_of(rules, aged({1, 1, 1})) == 200);
  rules.hours = {4}; // hours are for age
  CHECK(cut_of(rules, aged({1, 1, 1})) == 200);
}

TEST_CASE("retention: unexpired messages go only when that is wanted") {
  retention_rules rules;
  auto segments = aged({1, 1, 1});
  CHECK(cut_of(rules, segments, disk_level::full) == -1);
  rules.delete_when_full = true;
  CHECK(cut_of(rules, segments, disk_level::expired_must_go) == -1);
  CHECK(cut_of(rules, segments, disk_level::oldest_must_go) == 100);
  CHECK(cut_of(rules, segments, disk_level::full) == 100);
}

TEST_CASE("retention: the water mark is in bytes, or 5 % of a small disk") {
  retention_rules rules;
  storage::disk_space small{64 << 20, 4 << 20};
  CHECK(water_mark(rules, small) == (64 << 20) / 100 * 5);
  CHECK(water_mark(rules, space_with(50)) == 256 << 20);
  CHECK(level_of(rules, small) != disk_level::full);
  small.free = 3 << 20;
  CHECK(level_of(rules, small) == disk_level::full);
  rules.free_bytes_min = 1 << 20;
  CHECK(level_of(rules, small) != disk_level::full);
}

TEST_CASE("retention: parts of the disk mean what they mean in broker.conf") {
  retention_rules rules;
  CHECK(level_of(rules, space_with(26)) == disk_level::roomy);
  CHECK(level_of(rules, space_with(24)) == disk_level::expired_must_go);
  CHECK(level_of(rules, space_with(5)) == disk_level::expired_must_go);
  rules.delete_when_full = true;
  CHECK(level_of(rules, space_with(14)) == disk_level::oldest_must_go);
  rules.full_percent = 90;
  CHECK(level_of(rules, space_with(11)) == disk_level::oldest_must_go);
  CHECK(level_of(rules, space_with(9)) == disk_level::full);
}

TEST_CASE("retention: a refusal says how full what is and what to do") {
  retention_rules rules;
  CHECK(refusal_of(rules, space_with(50), "/data").empty());
  storage::disk_space space{64 << 20, 1 << 20};
  auto why = refusal_of(rules, space, "/data");
  CAPTURE(why);
  CHECK(why.find("/data is used to 99 %, 1024 KiB are free") != why.npos);
  CHECK(why.find("--retention-hours") != why.npos);
  rules.full_percent = 40;
  why = refusal_of(rules, space_with(50), "/data");
  CAPTURE(why);
  CHECK(why.find("the 40 % of --disk-full-percent") != why.npos);
}
