/// A store that is used, crashes and is opened again, beside a plain model.
#include "storage/recovery.hpp"

#include "troupe/model/hash.hpp"
#include "troupe/model/properties.hpp"

#include "support/catch.hpp"
#include "support/drafts.hpp"
#include "support/golden.hpp"
#include "support/scratch.hpp"

#include <random>

#include <sys/wait.h>
#include <unistd.h>

using namespace troupe;
using namespace troupe::storage;

namespace {

struct model_message {
  log_offset position;
  std::string body;
  std::string tag;
};

/// What the actors do with a store, in one thread: append, write rows now and
/// then, checkpoint.
class small_node {
public:
  explicit small_node(std::string directory)
    : options_{std::move(directory), 16384, 30, {}, {"T"}} {
    open();
  }

  void send(std::int32_t queue, const std::string& body,
            const std::string& tag) {
    auto& rows = queue_at(queue);
    auto properties = "TAGS\x01" + tag + "\x02KEYS\x01k" + body + "\x02";
    auto draft = test::draft_of("T", body, {queue}, rows.end(), properties);
    auto size = record_size(draft);
    if (auto error = store_.log->reserve(size))
      FAIL(describe(error));
    auto position = store_.log->append(draft, size);
    REQUIRE_FALSE(store_.log->write());
    REQUIRE_FALSE(
      rows.append({position, static_cast<std::int32_t>(size), tags_code(tag)}));
    store_.index->add({{index_hash("T", "k" + body), position, {1}}},
                      store_.log->end());
    model[queue].push_back({position, body, tag});
  }

  void write_rows(std::int32_t queue) {
    REQUIRE_FALSE(queue_at(queue).write_rows());
  }

  void checkpoint() {
    for (auto& [id, rows] : rows_)
      REQUIRE_FALSE(rows.write_rows());
    REQUIRE_FALSE(store_.index->flush());
    REQUIRE_FALSE(write_checkpoint(options_.directory,
                                   {store_.log->end(), ++generation_, false}));
  }

  /// Forgets everything in memory, as SIGKILL does, and opens the files again.
  void crash() {
    rows_.clear();
    store_ = {};
    open();
  }

  void check() {
    for (const auto& [id, messages] : model) {
      auto& rows = queue_at(id);
      CAPTURE(id);
      REQUIRE(rows.end().value == static_cast<std::int64_t>(messages.size()));
      std::vector<consume_row> found;
      REQUIRE_FALSE(rows.read_blocking({0}, messages.size(), found));
      REQUIRE(found.size() == messages.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        REQUIRE(found[i].position == messages[i].position);
        REQUIRE(found[i].tags_code == tags_code(messages[i].tag));
        auto record = store_.log->reader().read_record(found[i].position);
        REQUIRE(record);
        auto view = decode_record(record->view(), record_check::crc);
        REQUIRE(view);
        REQUIRE(view->body == messages[i].body);
      }
      if (messages.empty())
        continue;
      const auto& any = messages[messages.size() / 2];
      auto by_key = store_.index->find(index_hash("T", "k" + any.body), {},
                                       {std::int64_t{1} << 60}, 100);
      REQUIRE(by_key);
      REQUIRE(std::ranges::count(*by_key, any.position) == 1);
    }
  }

  const opened_store& store() const { return store_; }

  std::map<std::int32_t, std::vector<model_message>> model;

private:
  void open() {
    auto opened = open_store(options_);
    if (!opened)
      FAIL(describe(opened.error()));
    store_ = std::move(*opened);
  }

  consume_queue& queue_at(std::int32_t id) {
    if (auto found = rows_.find(id); found != rows_.end())
      return found->second;
    auto opened = consume_queue::open(
      {consume_queue_directory(options_.directory, "T", {id}), 30},
      store_.log->min(), store_.log->end());
    if (!opened)
      FAIL(describe(opened.error()));
    return rows_.emplace(id, std::move(*opened)).first->second;
  }

  store_options options_;
  opened_store store_;
  std::map<std::int32_t, consume_queue> rows_;
  std::uint64_t generation_ = 0;
};

} // namespace

TEST_CASE("after any crash every written message is served from its place") {
  auto seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u);
  CAPTURE(seed);
  std::mt19937 random{seed};
  test::scratch home;
  small_node node{home / "data"};
  int number = 0;
  for (int step = 0; step < 150; ++step) {
    switch (random() % 10) {
      case 0:
        node.checkpoint();
        break;
      case 1:
        node.write_rows(static_cast<std::int32_t>(random() % 3));
        break;
      case 2:
        node.crash();
        node.check();
        break;
      default:
        for (auto i = random() % 30; i > 0; --i)
          node.send(static_cast<std::int32_t>(random() % 3),
                    "body-" + std::to_string(number++),
                    random() % 2 == 0 ? "A" : "B");
        break;
    }
  }
  node.crash();
  node.check();
}

TEST_CASE("start-up reads only what follows the checkpoint") {
  test::scratch home;
  small_node node{home / "data"};
  for (int i = 0; i < 500; ++i)
    node.send(i % 4, "body-" + std::to_string(i), "A");
  node.checkpoint();
  for (int i = 0; i < 10; ++i)
    node.send(i % 4, "late-" + std::to_string(i), "A");
  node.crash();
  CHECK(node.store().recovered.records == 10);
  node.check();
}

TEST_CASE("lost derived files are derived again") {
  test::scratch home;
  small_node node{home / "data"};
  for (int i = 0; i < 300; ++i)
    node.send(i % 4, "body-" + std::to_string(i), "A");
  node.checkpoint();
  SECTION("the index") {
    REQUIRE_FALSE(remove_tree(home / "data/index"));
  }
  SECTION("all consume queues") {
    REQUIRE_FALSE(remove_tree(home / "data/consumequeue"));
  }
  SECTION("one queue that was written to since the checkpoint") {
    node.send(1, "late", "t");
    REQUIRE_FALSE(remove_tree(home / "data/consumequeue/T/1"));
  }
  SECTION("a segment that was in the making") {
    std::ofstream{home / "data/commitlog/00000000000000999424"};
  }
  SECTION("the checkpoint and all consume queues") {
    REQUIRE_FALSE(remove_tree(home / "data/consumequeue"));
    REQUIRE_FALSE(remove_file(home / "data/troupe.checkpoint"));
  }
  node.crash();
  node.check();
}

TEST_CASE("a second node on the same directory is told what to do") {
  test::scratch home;
  // The lock is the process's: another process must ask for it.
  auto first = open_store({home / "data", 16384, 30, {}});
  REQUIRE(first);
  if (auto child = ::fork(); child == 0) {
    auto second = open_store({home / "data", 16384, 30, {}});
    auto refused =
      !second && is(second.error(), errc::store_locked)
      && describe(second.error()).find("--data") != std::string::npos;
    ::_exit(refused ? 0 : 1);
  } else {
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
}
