/// Who gets which queues, as RocketMQ's brokers give them out.
#include "gateway/assignment.hpp"

#include "support/catch.hpp"

using namespace troupe;

namespace {

assignment_question question_of(int queues, std::vector<std::string> clients,
                                const std::string& client) {
  assignment_question x;
  x.client = client;
  x.strategy = "AVG";
  x.clients = std::move(clients);
  for (int i = 0; i < queues; ++i)
    x.queues.push_back({"b", {"T", {i}}});
  return x;
}

std::vector<int> ids_of(const assignment_question& x) {
  auto found = assigned_queues(x);
  REQUIRE(found);
  std::vector<int> ids;
  for (const auto& queue : *found)
    ids.push_back(queue.queue.queue.value);
  return ids;
}

using ids = std::vector<int>;

} // namespace

TEST_CASE("queues that are pulled are given out in blocks or in a circle") {
  auto x = question_of(8, {"c", "a", "b"}, "a");
  CHECK(ids_of(x) == ids{0, 1, 2});
  x.client = "c";
  CHECK(ids_of(x) == ids{6, 7});
  x.strategy = "AVG_BY_CIRCLE";
  CHECK(ids_of(x) == ids{2, 5});
  x.client = "unknown";
  CHECK(ids_of(x).empty());
  CHECK(ids_of(question_of(1, {"a", "b"}, "b")).empty());
}

TEST_CASE("everybody reads everything that is broadcast") {
  auto x = question_of(3, {}, "a");
  x.broadcasting = true;
  CHECK(ids_of(x) == ids{0, 1, 2});
}

TEST_CASE("without members, queues or a known strategy there is no answer") {
  CHECK_FALSE(assigned_queues(question_of(3, {}, "a")));
  CHECK_FALSE(assigned_queues(question_of(0, {"a"}, "a")));
  auto x = question_of(3, {"a"}, "a");
  x.strategy = "CONSISTENT_HASH";
  CHECK_FALSE(assigned_queues(x));
}

TEST_CASE("who pops takes any queue of each broker") {
  auto x = question_of(4, {"a", "b", "c"}, "b");
  x.queues.push_back({"a-broker", {"T", {0}}});
  x.mode.pop = true;
  auto all = GENERATE(-1, 0, 2, 8);
  x.mode.share_queues = all;
  auto found = assigned_queues(x);
  REQUIRE(found);
  REQUIRE(found->size() == 2);
  CHECK((*found)[0].broker == "a-broker");
  CHECK((*found)[0].queue.queue.value == -1);
  CHECK((*found)[1].broker == "b");
}

TEST_CASE("who pops shares the queues of those behind it") {
  auto x = question_of(8, {"a", "b", "c", "d"}, "d");
  x.mode.pop = true;
  x.mode.share_queues = 1;
  CHECK(ids_of(x) == ids{6, 7, 0, 1});
  auto few = question_of(2, {"a", "b", "c", "d"}, "c");
  few.mode.pop = true;
  few.mode.share_queues = 1;
  CHECK(ids_of(few) == ids{0});
}
