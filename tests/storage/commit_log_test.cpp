#include "storage/commit_log.hpp"

#include "storage/big_endian.hpp"

#include "support/catch.hpp"
#include "support/drafts.hpp"
#include "support/golden.hpp"
#include "support/scratch.hpp"

#include <fstream>
#include <random>

using namespace troupe;
using namespace troupe::storage;

namespace {

constexpr std::int64_t segment_bytes = 4096;

struct seen_record {
  log_offset position;
  std::string body;

  bool operator==(const seen_record&) const = default;
};

using seen_records = std::vector<seen_record>;

struct opened {
  std::unique_ptr<commit_log> log;
  seen_records records;
  recovered_log found;
};

opened open_log(const std::string& directory, log_offset trusted = {}) {
  opened result;
  auto log = commit_log::open(
    {directory, segment_bytes}, trusted,
    [&](const record_view& record) {
      result.records.push_back({record.position, std::string{record.body}});
    },
    result.found);
  if (!log)
    FAIL(describe(log.error()));
  result.log = std::move(*log);
  return result;
}

seen_record append(commit_log& log, std::string body, queue_offset offset) {
  auto draft = test::draft_of("T", body, {0}, offset);
  auto size = record_size(draft);
  if (auto error = log.reserve(size))
    FAIL(describe(error));
  return {log.append(draft, size), std::move(body)};
}

seen_records fill(commit_log& log, int count, std::mt19937& random) {
  seen_records written;
  for (int i = 0; i < count; ++i) {
    std::string body(1 + random() % 600, static_cast<char>('a' + i % 26));
    written.push_back(append(log, body, {i}));
    if (random() % 3 == 0)
      REQUIRE_FALSE(log.write());
  }
  REQUIRE_FALSE(log.write());
  return written;
}

void write_at(const std::string& path, std::int64_t at,
              std::string_view bytes) {
  std::fstream out{path, std::ios::in | std::ios::out | std::ios::binary};
  out.seekp(at);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// Of the first mapping of `path` in this process; see proc(5), smaps.
std::string mapping_flags(const std::string& path) {
  std::ifstream maps{"/proc/self/smaps"};
  bool found = false;
  for (std::string line; std::getline(maps, line);) {
    found = found || line.find(path) != line.npos;
    if (found && line.starts_with("VmFlags:"))
      return line;
  }
  return {};
}

} // namespace

TEST_CASE("what was written is found again, over many segments") {
  test::scratch home;
  std::mt19937 random{7};
  seen_records written;
  log_offset end;
  {
    auto log = open_log(home / "log");
    CHECK(log.records.empty());
    written = fill(*log.log, 100, random);
    end = log.log->end();
    for (const auto& x : written) {
      auto record = log.log->reader().read_record(x.position);
      REQUIRE(record);
    }
  }
  CHECK(list_directory(home / "log")->size() > 5);
  auto again = open_log(home / "log");
  CHECK(again.records == written);
  CHECK(again.log->end() == end);
  CHECK(again.found.cut_bytes == 0);
  CHECK(again.found.damaged_bytes == 0);
  // Only what follows the trusted place is looked at.
  auto later = open_log(home / "log", written[60].position);
  CHECK(later.records == seen_records(written.begin() + 60, written.end()));
}

TEST_CASE("a fault in a segment reads nothing ahead") {
  test::scratch home;
  auto made = segment::create(home.path(), {0}, segment_bytes);
  REQUIRE(made);
  auto flags = mapping_flags((*made)->backing()->path());
  INFO(flags);
  CHECK(flags.find(" rr") != flags.npos); // random reads
}

TEST_CASE("a segment's rest is marked as RocketMQ marks it") {
  test::scratch home;
  auto log = open_log(home / "log");
  auto first = append(*log.log, std::string(3890, 'x'), {0});
  auto second = append(*log.log, "next", {1});
  REQUIRE_FALSE(log.log->write());
  CHECK(second.position.value == segment_bytes);
  auto bytes = test::read_file(home / "log/00000000000000000000");
  REQUIRE(bytes.size() == segment_bytes);
  auto rest = load<std::uint32_t>(bytes.data()) + std::size_t{0};
  CHECK(load<std::uint32_t>(bytes.data() + rest) == segment_bytes - rest);
  CHECK(load<std::uint32_t>(bytes.data() + rest + 4) == magic_blank);
  CHECK(first.position == log_offset{0});
}

TEST_CASE("the last record, cut at every byte, goes and nothing else does") {
  test::scratch home;
  std::mt19937 random{11};
  seen_records written;
  log_offset end;
  {
    auto log = open_log(home / "log");
    written = fill(*log.log, 12, random);
    end = log.log->end();
  }
  auto last = written.back().position;
  auto names = *list_directory(home / "log");
  auto path = home / ("log/" + names.back());
  auto start = start_of_name(names.back());
  auto whole = test::read_file(path);
  auto good = seen_records(written.begin(), written.end() - 1);
  for (auto kept = last.value; kept < end.value; ++kept) {
    CAPTURE(kept - last.value);
    auto torn = whole;
    std::fill(torn.begin() + (kept - start), torn.end(), '\0');
    auto body_is_whole = torn == whole;
    std::ofstream{path, std::ios::binary} << torn;
    auto again = open_log(home / "log");
    if (body_is_whole) {
      CHECK(again.records == written); // its last bytes are zeros anyway
      continue;
    }
    CHECK(again.records == good);
    CHECK(again.log->end() == last);
    // What is appended next stands where the torn one stood, and lasts.
    auto fresh = append(*again.log, "fresh", {99});
    CHECK(fresh.position == last);
    REQUIRE_FALSE(again.log->write());
    again.log.reset();
    auto third = open_log(home / "log");
    auto wanted = good;
    wanted.push_back(fresh);
    CHECK(third.records == wanted);
    CHECK(third.found.cut_bytes == 0);
  }
}

TEST_CASE("a damaged record is passed over, those behind it are not lost") {
  test::scratch home;
  std::mt19937 random{13};
  seen_records written;
  {
    auto log = open_log(home / "log");
    written = fill(*log.log, 40, random);
  }
  for (std::size_t victim : {0u, 7u, 20u, 38u}) {
    auto hit = written[victim].position;
    auto path =
      home / ("log/" + start_name(hit.value / segment_bytes * segment_bytes));
    auto whole = test::read_file(path);
    // In turn: the size, the magic, the checksum, the body.
    for (std::int64_t place : {1, 5, 9, 89}) {
      CAPTURE(victim, place);
      auto at = hit.value % segment_bytes + place;
      auto flipped = static_cast<char>(whole[static_cast<std::size_t>(at)] ^ 4);
      write_at(path, at, {&flipped, 1});
      auto again = open_log(home / "log");
      auto wanted = written;
      wanted.erase(wanted.begin() + static_cast<long>(victim));
      CHECK(again.records == wanted);
      CHECK(again.found.damaged_bytes > 0);
      auto read = again.log->reader().read_record(hit);
      CHECK_FALSE(read);
      write_at(path, at, {&whole[static_cast<std::size_t>(at)], 1});
    }
  }
}

TEST_CASE("what is discarded leaves no trace") {
  test::scratch home;
  auto log = open_log(home / "log");
  auto kept = append(*log.log, "kept", {0});
  REQUIRE_FALSE(log.log->write());
  for (int i = 0; i < 5; ++i)
    append(*log.log, std::string(1500, 'x'), {i}); // rolls over
  log.log->discard_unwritten();
  CHECK(log.log->end() == log.log->written());
  auto next = append(*log.log, "next", {1});
  REQUIRE_FALSE(log.log->write());
  log.log.reset();
  CHECK(open_log(home / "log").records == seen_records{kept, next});
}

TEST_CASE("a message larger than a segment is refused with both sizes") {
  test::scratch home;
  auto log = open_log(home / "log");
  auto error = log.log->reserve(segment_bytes);
  REQUIRE(error);
  CHECK(is(error, errc::illegal_message));
  CHECK(context_of(error).find("4096") != std::string::npos);
}

TEST_CASE("a store made with another segment size is not guessed at") {
  test::scratch home;
  {
    auto log = open_log(home / "log");
    append(*log.log, "x", {0});
    REQUIRE_FALSE(log.log->write());
  }
  recovered_log found;
  auto other = commit_log::open(
    {home / "log", segment_bytes * 2}, {}, [](const record_view&) {}, found);
  REQUIRE_FALSE(other);
  CHECK(is(other.error(), errc::corrupt_file));
  CHECK(context_of(other.error()).find("mappedFileSizeCommitLog")
        != std::string::npos);
}

TEST_CASE("whole old segments go, the last one never") {
  test::scratch home;
  std::mt19937 random{17};
  auto log = open_log(home / "log");
  auto written = fill(*log.log, 60, random);
  auto middle = written[30].position;
  auto paths = log.log->drop_before(middle);
  CHECK_FALSE(paths.empty());
  CHECK(log.log->min() <= middle);
  CHECK(log.log->min() + segment_bytes > middle);
  CHECK_FALSE(log.log->reader().read_record(written[0].position));
  log.log->drop_before(log.log->end() + segment_bytes);
  CHECK(log.log->min() <= log.log->end());
}
