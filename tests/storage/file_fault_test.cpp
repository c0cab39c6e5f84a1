/// Every write, sync and reservation of a run fails in turn.
#include "storage/commit_log.hpp"
#include "storage/consume_queue.hpp"

#include "support/catch.hpp"
#include "support/drafts.hpp"
#include "support/file_faults.hpp"
#include "support/scratch.hpp"

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
