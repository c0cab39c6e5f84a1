/// Every write, sync and reservation of a run fails in turn.
#include "storage/commit_log.hpp"
#include "storage/consume_queue.hpp"
#include "storage/key_index.hpp"

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/drafts.hpp"
#include "support/file_faults.hpp"
#include "support/scratch.hpp"

#include <map>
#include <random>

using namespace troupe;
using namespace troupe::storage;

namespace {

struct outcome {
  std::vector<std::string> acknowledged;
  int failures = 0;
};

/// Appends, writes and syncs sixty messages over several segments as the
/// commit log's actor does; one that fails is not acknowledged.
outcome run(const std::string& directory) {
  outcome result;
  recovered_log found;
  auto log = commit_log::open(
    {directory, 4096}, {}, [](const record_view&) {}, found);
  if (!log) {
    ++result.failures;
    return result;
  }
  bool sync_failed = false;
  for (int i = 0; i < 60 && !sync_failed; ++i) {
    auto body = "message-" + std::to_string(i) + std::string(200, '.');
    auto draft = test::draft_of("T", body, {0}, {i});
    auto size = record_size(draft);
    if ((*log)->reserve(size)) {
      ++result.failures;
      (*log)->discard_unwritten();
      continue;
    }
    (*log)->append(draft, size);
    if ((*log)->write()) {
      ++result.failures;
      (*log)->discard_unwritten();
      continue;
    }
    for (const auto& file : (*log)->take_unsynced())
      if (file->sync())
        sync_failed = true; // final: the kernel may have dropped the bytes
    if (sync_failed)
      ++result.failures;
    else
      result.acknowledged.push_back(body);
  }
  return result;
}

std::vector<std::string> bodies_in(const std::string& directory) {
  std::vector<std::string> bodies;
  recovered_log found;
  auto log = commit_log::open(
    {directory, 4096}, {},
    [&](const record_view& record) { bodies.emplace_back(record.body); },
    found);
  if (!log)
    FAIL(describe(log.error()));
  CHECK(found.damaged_bytes == 0);
  return bodies;
}

} // namespace

TEST_CASE("whichever call fails, what was acknowledged is there") {
  auto error = GENERATE(EIO, ENOSPC, EDQUOT, EROFS);
  auto fail_count = GENERATE(1, 3);
  int calls = 0;
  {
    test::scratch home;
    test::file_faults faults;
    CHECK(run(home / "log").acknowledged.size() == 60);
    calls = faults.calls;
  }
  REQUIRE(calls > 120);
  for (int fail_at = 0; fail_at < calls; ++fail_at) {
    CAPTURE(std::strerror(error), fail_count, fail_at);
    test::scratch home;
    outcome result;
    {
      test::file_faults faults;
      faults.fail_at = fail_at;
      faults.fail_count = fail_count;
      faults.error = error;
      result = run(home / "log");
    }
    REQUIRE(result.failures > 0);
    auto found = bodies_in(home / "log");
    for (const auto& body : result.acknowledged)
      REQUIRE(std::ranges::count(found, body) == 1);
  }
}

namespace {

struct batch_outcome {
  std::map<std::int64_t, std::string> acknowledged; // by queue offset
  int failures = 0;
};

/// Writes batches of messages, many of them over the end of a segment; one that
/// fails is refused, and its queue offsets are given again. Ends `after`
/// batches behind the first failure.
batch_outcome run_batches(const std::string& directory, std::uint32_t seed,
                          int after) {
  std::mt19937 random{seed};
  batch_outcome result;
  recovered_log found;
  auto log = commit_log::open(
    {directory, 4096}, {}, [](const record_view&) {}, found);
  if (!log)
    return result;
  for (int batch = 0; batch < 14 && after >= 0; ++batch) {
    std::vector<std::string> bodies;
    caf::error failure;
    auto offset = std::ssize(result.acknowledged);
    for (auto i = 1 + random() % 6; i > 0 && !failure; --i) {
      auto body = std::to_string(batch) + "-" + std::to_string(i)
                  + std::string(random() % 900, '.');
      auto draft =
        test::draft_of("T", body, {0}, {offset + std::ssize(bodies)});
      auto size = record_size(draft);
      failure = (*log)->reserve(size);
      if (!failure)
        (*log)->append(draft, size);
      bodies.push_back(body);
    }
    if (!failure)
      failure = (*log)->write();
    if (failure)
      (*log)->discard_unwritten();
    for (const auto& file : (*log)->take_unsynced())
      if (file->sync())
        return result; // final
    result.failures += failure ? 1 : 0;
    after -= result.failures > 0 ? 1 : 0;
    if (!failure)
      for (auto& body : bodies)
        result.acknowledged.emplace(offset++, std::move(body));
  }
  return result;
}

} // namespace

TEST_CASE("of a write over two segments that fails nothing comes back") {
  auto error = GENERATE(EIO, ENOSPC);
  auto seed = test::seed_of_run("writes over two segments");
  int spanning = 0;
  for (std::uint32_t round = 0; round < 4; ++round) {
    int calls = 0;
    {
      test::scratch home;
      test::file_faults faults;
      CHECK(run_batches(home / "log", seed + round, 1).failures == 0);
      calls = faults.calls;
    }
    for (int fail_at = 0; fail_at < calls; ++fail_at)
      for (int after = 0; after < 5; ++after) {
        CAPTURE(std::strerror(error), seed + round, fail_at, after);
        test::scratch home;
        batch_outcome result;
        {
          test::file_faults faults;
          faults.fail_at = fail_at;
          faults.error = error;
          result = run_batches(home / "log", seed + round, after);
        }
        spanning += result.failures;
        std::map<std::int64_t, std::string> found;
        recovered_log scanned;
        auto log = commit_log::open(
          {home / "log", 4096}, {},
          [&](const record_view& x) {
            // No offset stands twice, whatever became of a refused batch.
            if (!found.emplace(x.offset.value, std::string{x.body}).second)
              FAIL("offset " << x.offset.value << " stands twice");
          },
          scanned);
        REQUIRE(log);
        REQUIRE(scanned.damaged_bytes == 0);
        for (const auto& [offset, body] : result.acknowledged)
          REQUIRE(found[offset] == body);
      }
  }
  CHECK(spanning > 50);
}

TEST_CASE("rows that cannot be written are bounded and served from memory") {
  test::scratch home;
  test::file_faults faults;
  auto before = derived_backlog.load();
  {
    auto queue = consume_queue::open({home / "q", 300}, {}, {1 << 30});
    REQUIRE(queue);
    faults.fail_at = 0;
    faults.fail_count = 1 << 20;
    int told = 0;
    for (std::int64_t i = 0; i < 5000; ++i)
      told += queue->append({{i}, 1, i}) ? 1 : 0;
    CHECK(told > 10);
    CHECK(told < 30); // not with every row
    CHECK(derived_backlog.load() - before > 4500);
    std::vector<consume_row> rows;
    REQUIRE(queue->read({0}, 5000, rows));
    REQUIRE(rows.size() == 5000);
    CHECK(rows[4321].tags_code == 4321);
    faults.fail_at = -1;
    REQUIRE_FALSE(queue->write_rows());
    CHECK(derived_backlog.load() == before);
    rows.clear();
    REQUIRE_FALSE(queue->read_blocking({0}, 5000, rows));
    REQUIRE(rows.size() == 5000);
    CHECK(rows[4321].tags_code == 4321);
    REQUIRE_FALSE(queue->append({{5000}, 1, 0}));
    CHECK(queue->end() == queue_offset{5001});
    faults.fail_at = faults.calls;
    for (std::int64_t i = 5001; i < 6000; ++i)
      (void)queue->append({{i}, 1, i});
    CHECK(derived_backlog.load() > before);
  }
  CHECK(derived_backlog.load() == before); // it went with its queue
}

TEST_CASE("keys that cannot be written wait, and are found meanwhile") {
  test::scratch home;
  auto index = key_index::open(home / "index");
  REQUIRE(index);
  auto before = derived_backlog.load();
  auto find = [&](std::uint64_t hash) {
    auto found = (*index)->find(hash, {0}, {1 << 30}, 10);
    REQUIRE(found);
    return found->size();
  };
  {
    test::file_faults faults;
    faults.fail_at = 0;
    faults.fail_count = 1 << 20;
    int tries = 0;
    for (std::int64_t i = 0; i < 300'000; ++i) {
      (*index)->add({{static_cast<std::uint64_t>(i), {i}, {1}}}, {i + 1});
      if ((*index)->is_full()) {
        ++tries;
        REQUIRE((*index)->flush());
      }
    }
    CHECK(tries > 2);
    CHECK(tries < 6);
    CHECK(derived_backlog.load() - before > 200'000);
    CHECK(find(123'456) == 1);
  }
  REQUIRE_FALSE((*index)->flush());
  CHECK(derived_backlog.load() == before);
  CHECK(find(123'456) == 1);
  CHECK((*index)->covered_end() == log_offset{300'000});
}

TEST_CASE("a run that cannot be read is left out of merges") {
  test::scratch home;
  auto index = key_index::open(home / "index");
  REQUIRE(index);
  std::int64_t next = 0;
  auto add_run = [&] {
    (*index)->add({{static_cast<std::uint64_t>(next), {next}, {1}}},
                  {next + 1});
    ++next;
    REQUIRE_FALSE((*index)->flush());
  };
  add_run();
  auto first = home / "index/" + list_directory(home / "index")->front();
  test::flipped_bit flip{first, (4096 + 5) * 8};
  for (int i = 0; i < 100; ++i)
    add_run();
  CHECK(list_directory(home / "index")->size() < 30);
  auto found = (*index)->find(55, {0}, {2}, 10);
  // The damaged one is in the way of every look-up that reaches it.
  CHECK((found || is(found.error(), errc::corrupt_file)));
}

TEST_CASE("rows that could not be written are written later") {
  test::scratch home;
  test::file_faults faults;
  auto queue = consume_queue::open({home / "q", 30}, {}, {1 << 30});
  REQUIRE(queue);
  for (std::int64_t i = 0; i < 10; ++i)
    REQUIRE_FALSE(queue->append({{i}, 1, 0}));
  faults.fail_at = faults.calls;
  auto error = queue->write_rows();
  REQUIRE(error);
  CHECK(is(error, errc::log_write_failed));
  CHECK(context_of(error).find(home / "q") != std::string::npos);
  REQUIRE_FALSE(queue->write_rows());
  auto again = consume_queue::open({home / "q", 30}, {}, {1 << 30});
  REQUIRE(again);
  CHECK(again->end() == queue_offset{10});
}

TEST_CASE("whichever write of rows or keys fails, all are served and kept") {
  auto error = GENERATE(EIO, ENOSPC);
  auto failing = GENERATE(1, 3);
  constexpr std::int64_t count = 700;
  const consume_queue_options where{"", 150};
  int calls = 0;
  int told = 0;
  for (int fail_at = -1; fail_at < calls; ++fail_at) {
    CAPTURE(std::strerror(error), failing, fail_at);
    test::scratch home;
    auto files = where;
    files.directory = home / "q";
    {
      test::file_faults faults;
      faults.fail_at = fail_at;
      faults.fail_count = failing;
      faults.error = error;
      auto queue = consume_queue::open(files, {}, {1 << 30});
      auto index = key_index::open(home / "index");
      REQUIRE(queue);
      REQUIRE(index);
      for (std::int64_t i = 0; i < count; ++i) {
        told += queue->append({{i}, 1, i}) ? 1 : 0;
        (*index)->add({{static_cast<std::uint64_t>(i), {i}, {1}}}, {i + 1});
        if (i % 70 != 69)
          continue;
        told += queue->write_rows() ? 1 : 0;
        told += (*index)->flush() ? 1 : 0;
        std::vector<consume_row> rows;
        REQUIRE_FALSE(queue->read_blocking({0}, count, rows));
        REQUIRE(std::ssize(rows) == i + 1);
        for (std::int64_t k = 0; k <= i; ++k)
          if (rows[static_cast<std::size_t>(k)].tags_code != k)
            FAIL("row " << k << " is another one");
        auto found =
          (*index)->find(static_cast<std::uint64_t>(i / 2), {0}, {1 << 30}, 10);
        REQUIRE(found);
        REQUIRE(found->size() == 1);
      }
      if (fail_at < 0)
        calls = faults.calls;
      faults.fail_at = -1;
      REQUIRE_FALSE(queue->write_rows());
      REQUIRE_FALSE((*index)->flush());
    }
    REQUIRE_FALSE(consume_queue::check_whole(files));
    auto queue = consume_queue::open(files, {}, {1 << 30});
    REQUIRE(queue);
    REQUIRE(queue->end() == queue_offset{count});
    std::vector<consume_row> rows;
    REQUIRE_FALSE(queue->read_blocking({0}, count, rows));
    for (std::int64_t k = 0; k < count; ++k)
      REQUIRE(rows[static_cast<std::size_t>(k)].tags_code == k);
    auto index = key_index::open(home / "index");
    REQUIRE(index);
    REQUIRE((*index)->covered_end() == log_offset{count});
    for (std::uint64_t k = 0; k < count; k += 13) {
      auto found = (*index)->find(k, {0}, {1 << 30}, 10);
      REQUIRE(found);
      REQUIRE(found->size() == 1);
    }
  }
  CHECK(calls > 20);
  CHECK(told > calls / 2); // of runs that are not merged the log is told
}
