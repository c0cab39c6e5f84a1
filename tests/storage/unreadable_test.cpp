/// A log of which the disk does not give all: nobody is killed for it, and
/// nothing that may still be there is given up.
#include "storage/commit_log.hpp"
#include "storage/find_message.hpp"
#include "storage/log_scan.hpp"

#include "troupe/log.hpp"

#include "support/bad_page.hpp"
#include "support/catch.hpp"
#include "support/drafts.hpp"
#include "support/scratch.hpp"

using namespace troupe;
using namespace troupe::storage;

namespace {

constexpr std::int64_t segment_bytes = 64 << 10;

struct quiet_log {
  quiet_log() { log::least = log::level::off; }

  ~quiet_log() { log::least = log::level::info; }
};

struct span_of_log {
  log_offset begin;
  log_offset end;

  bool operator==(const span_of_log&) const = default;
};

using spans = std::vector<span_of_log>;

struct opened {
  caf::expected<std::unique_ptr<commit_log>> log{caf::error{}};
  spans records;
  recovered_log found;
};

opened open_log(const std::string& directory) {
  opened result;
  result.log = commit_log::open(
    {directory, segment_bytes}, {},
    [&](const record_view& x) {
      result.records.push_back({x.position, x.position + x.size});
    },
    result.found);
  return result;
}

/// Forty records in two segments.
spans fill(const std::string& directory) {
  auto opened = open_log(directory);
  REQUIRE(opened.log);
  auto& log = **opened.log;
  spans written;
  for (int i = 0; i < 40; ++i) {
    std::string body(2000, static_cast<char>('a' + i % 26));
    auto draft = test::draft_of("T", body, {0}, {i});
    auto size = record_size(draft);
    REQUIRE_FALSE(log.reserve(size));
    auto position = log.append(draft, size);
    written.push_back({position, position + static_cast<std::int64_t>(size)});
  }
  REQUIRE_FALSE(log.write());
  REQUIRE(log.segments().size() == 2);
  return written;
}

/// Without those that lie on `page` of the log, be it in part.
spans without(spans records, std::int64_t page) {
  std::erase_if(records, [page](const span_of_log& x) {
    return x.end.value > page && x.begin.value < page + test::bad_page::bytes;
  });
  return records;
}

} // namespace

TEST_CASE("a start passes over a page that the disk does not give") {
  quiet_log quiet;
  test::scratch home;
  auto directory = home / "data/commitlog";
  auto written = fill(directory);
  // In the middle of a segment, and where one begins.
  auto at = GENERATE(std::int64_t{20480}, segment_bytes);
  CAPTURE(at);
  auto expected = without(written, at);
  REQUIRE(expected.size() < written.size());
  auto file = directory + "/" + start_name(at / segment_bytes * segment_bytes);
  {
    test::bad_page bad{file, at % segment_bytes};
    auto seen = open_log(directory);
    REQUIRE(seen.log);
    CHECK(seen.records == expected);
    CHECK(seen.found.damaged_bytes >= test::bad_page::bytes);
    CHECK(seen.found.cut_bytes == 0);
    CHECK((*seen.log)->end() == written.back().end);
    // Nor does looking for a message that is not there kill anybody.
    CHECK_FALSE(find_message((*seen.log)->reader(), {0}, written.back().end,
                             "T", {0}, {40}));
  }
  auto again = open_log(directory); // the disk was replaced
  REQUIRE(again.log);
  CHECK(again.records == written);
}

TEST_CASE("the end of the log is not cut off because it cannot be read") {
  quiet_log quiet;
  test::scratch home;
  auto directory = home / "data/commitlog";
  auto written = fill(directory);
  auto file = directory + "/" + start_name(segment_bytes);
  auto at = written.back().begin.value % segment_bytes;
  {
    test::bad_page bad{file, at - at % test::bad_page::bytes};
    auto seen = open_log(directory);
    REQUIRE_FALSE(seen.log);
    CHECK(is(seen.log.error(), errc::log_read_failed));
    auto why = context_of(seen.log.error());
    CAPTURE(why);
    CHECK(why.find(file) != why.npos);
    CHECK(why.find("Input/output error") != why.npos);
    CHECK(why.find("ddrescue") != why.npos);
  }
  auto again = open_log(directory);
  REQUIRE(again.log);
  CHECK(again.records == written);
}

TEST_CASE("what the disk does not give is named by whoever only looks") {
  test::scratch home;
  auto directory = home / "data/commitlog";
  auto written = fill(directory);
  auto last = written.back().begin.value;
  // In the middle of a segment, where one begins, where the log ends.
  auto at = GENERATE_COPY(std::int64_t{20480}, segment_bytes,
                          last - last % test::bad_page::bytes);
  CAPTURE(at);
  auto file = directory + "/" + start_name(at / segment_bytes * segment_bytes);
  test::bad_page bad{file, at % segment_bytes};
  std::int64_t records = 0;
  auto found = scan_log(home / "data", [&](const auto&) { ++records; }, {});
  REQUIRE(found);
  CHECK(records == static_cast<std::int64_t>(without(written, at).size()));
  REQUIRE(found->damages.size() == 1);
  CHECK(found->damages[0].file == file);
  CHECK(found->damages[0].why.find("Input/output error") != std::string::npos);
  CHECK(found->torn_bytes == 0);
}
