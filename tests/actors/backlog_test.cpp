/// What is said of a group and a queue, with the time given.
#include "backlog/backlog_state.hpp"

#include "troupe/model/rate_meter.hpp"

#include "support/catch.hpp"

using namespace troupe;

namespace {

constexpr epoch_ms now{1'000'000};

struct scene {
  progress_report progress;
  std::vector<pull_seen> pulls;
  std::vector<pop_queue_report> pops;
  topic_config topic;
  queue_report queue;
  group_config group;

  scene() {
    topic.name = "T";
    group.name = "G";
    queue.max = {100};
    progress.rows.push_back({{"T", {0}}, {40}, 10});
    progress.members.members.push_back({"c1", "127.0.0.1:5", 0, 0, now});
    progress.members.links.push_back({{}, {7, 1}});
    pulls.push_back({{"T", {0}}, {60}, {7, 1}, {now.value - 1000}});
  }

  backlog_row judge() {
    auto snapshot = std::make_shared<group_snapshot>();
    snapshot->config = group;
    progress.members.snapshot = snapshot;
    return backlog_state{progress, pulls, pops}.judge(topic, queue, now);
  }
};

} // namespace

TEST_CASE("backlog: behind, in flight, owner and time to drain") {
  scene it;
  it.queue.per_second = 4;
  auto row = it.judge();
  CHECK(row.group == "G");
  CHECK(row.behind == 60);
  CHECK(row.in_flight == 20);
  CHECK(row.owner == "c1");
  CHECK(row.reason == backlog_reason::catching_up);
  CHECK(row.drain_ms == 10'000); // 60 messages at 10 - 4 a second
}

TEST_CASE("backlog: nothing waits") {
  scene it;
  it.queue.max = {40};
  auto row = it.judge();
  CHECK(row.behind == 0);
  CHECK(row.in_flight == 0);
  CHECK(row.drain_ms == 0);
  CHECK(row.reason == backlog_reason::none);
}

TEST_CASE("backlog: the reason why messages wait") {
  scene it;
  SECTION("slower than what arrives") {
    it.queue.per_second = 11;
    auto row = it.judge();
    CHECK(row.reason == backlog_reason::slow);
    CHECK(row.drain_ms == -1);
  }
  SECTION("nobody is there") {
    it.progress.members = {};
    auto row = it.judge();
    CHECK(row.reason == backlog_reason::no_owner);
    CHECK(row.owner.empty());
    CHECK(row.in_flight == 0);
  }
  SECTION("the queue's last reader is gone, another member lives") {
    it.pulls.front().from = {8, 1};
    CHECK(it.judge().reason == backlog_reason::no_owner);
  }
  SECTION("nobody has pulled it yet") {
    it.pulls.clear();
    CHECK(it.judge().reason == backlog_reason::no_owner);
  }
  SECTION("its owner lives but has stopped pulling") {
    it.pulls.front().time = {now.value - 80'000};
    auto row = it.judge();
    CHECK(row.reason == backlog_reason::paused);
    CHECK(row.owner == "c1");
  }
  SECTION("the group may not consume") {
    it.group.consume_enable = false;
    CHECK(it.judge().reason == backlog_reason::paused);
  }
  SECTION("the topic may not be read") {
    it.topic.perm = permission::write;
    CHECK(it.judge().reason == backlog_reason::paused);
  }
}

TEST_CASE(
  "backlog: a group without progress, and one behind what was deleted") {
  scene it;
  SECTION("without progress all that is there waits") {
    it.progress.rows.clear();
    it.queue.min = {30};
    auto row = it.judge();
    CHECK(row.committed == queue_offset{-1});
    CHECK(row.behind == 70);
  }
  SECTION("deleted messages do not wait") {
    it.queue.min = {90};
    auto row = it.judge();
    CHECK(row.behind == 10);
    CHECK(row.in_flight == 0);
  }
}

TEST_CASE("backlog: the latest pull of a queue counts, at any gateway") {
  scene it;
  it.pulls.push_back({{"T", {0}}, {70}, {7, 1}, {now.value - 500}});
  it.pulls.push_back({{"T", {0}}, {50}, {7, 1}, {now.value - 900}});
  CHECK(it.judge().in_flight == 30);
}

TEST_CASE("backlog: popped messages are behind and in flight until they are "
          "acknowledged") {
  scene it;
  it.pulls = {{{"T", {-1}}, {}, {7, 1}, {now.value - 1000}}};
  SECTION("they lie behind the progress") {
    it.pops.push_back({{"G", {"T", {0}}}, {40}, 5, 5, {31}});
    auto row = it.judge();
    CHECK(row.behind == 65);
    CHECK(row.in_flight == 5);
    CHECK(row.oldest == queue_offset{31});
    CHECK(row.handed_to == queue_offset{40});
    CHECK(row.owner == "c1");
    CHECK(row.reason == backlog_reason::catching_up);
  }
  SECTION("in order they lie before it") {
    it.pops.push_back({{"G", {"T", {0}}}, {40}, 5, 0, {40}});
    auto row = it.judge();
    CHECK(row.behind == 60);
    CHECK(row.in_flight == 5);
    CHECK(row.handed_to == queue_offset{45});
  }
  SECTION("nothing else waits") {
    it.queue.max = {40};
    it.pops.push_back({{"G", {"T", {0}}}, {40}, 1, 1, {39}});
    auto row = it.judge();
    CHECK(row.behind == 1);
    CHECK(row.reason != backlog_reason::none);
  }
  SECTION("whoever popped them has gone") {
    it.progress.members = {};
    it.pops.push_back({{"G", {"T", {0}}}, {40}, 5, 5, {31}});
    auto row = it.judge();
    CHECK(row.in_flight == 5);
    CHECK(row.reason == backlog_reason::no_owner);
  }
  SECTION("who pops a topic owns what comes again of it") {
    it.topic.name = "%RETRY%G_T";
    it.progress.rows.front().queue.topic = it.topic.name;
    CHECK(it.judge().owner == "c1");
  }
}

TEST_CASE("rate_meter: says how often, and forgets") {
  rate_meter meter;
  CHECK(meter.per_second({5000}) == 0);
  for (std::int64_t i = 0; i <= 60'000; i += 100)
    meter.add(10, {1'000'000 + i}); // 100 a second
  CHECK(meter.per_second({1'060'000}) > 95);
  CHECK(meter.per_second({1'090'000}) < 40);
  CHECK(meter.per_second({2'000'000}) == 0);
  rate_meter young;
  young.add(5, {1'000'000});
  CHECK(young.per_second({1'000'000}) < 5.3);
}
