/// The rules of a consumer group, with the time given.
#include "consumer_group/consumer_group_state.hpp"

#include "support/catch.hpp"

#include <map>
#include <random>

using namespace troupe;

namespace {

consumer_group_state make_group() {
  group_config config;
  config.name = "G";
  return {config, {}};
}

join_group heartbeat_of(std::uint32_t slot, const std::string& client,
                        epoch_ms now, std::int64_t version = 1,
                        const std::string& expression = "*") {
  join_group says;
  says.link.connection = {slot, 1};
  says.who.client_id = client;
  says.who.last_seen = now;
  subscription wish;
  wish.topic = "T";
  wish.expression = expression;
  wish.version = version;
  wish.filter = *tag_filter::compile(expression);
  says.says.group = "G";
  says.says.subscriptions = {wish};
  return says;
}

queue_key queue_number(std::int32_t id) {
  return {"T", {id}};
}

} // namespace

TEST_CASE("members come, are heard of, and go") {
  auto group = make_group();
  auto first = group.join(heartbeat_of(1, "a", {1000}));
  REQUIRE(first);
  CHECK(first->members);
  CHECK(first->subscriptions);
  auto again = group.join(heartbeat_of(1, "a", {2000}));
  REQUIRE(again);
  CHECK_FALSE(again->members);
  CHECK_FALSE(again->subscriptions);
  REQUIRE(group.join(heartbeat_of(2, "b", {3000})));
  CHECK(group.list().members.size() == 2);
  CHECK(group.list().members.front().client_id == "a");
  auto gone = group.leave(heartbeat_of(1, "a", {}).link);
  CHECK(gone.members);
  CHECK(group.list().members.size() == 1);
  CHECK(group.snapshot()->online);
}

TEST_CASE("a member that is silent too long is removed, the others stay") {
  auto group = make_group();
  auto expiry = std::chrono::milliseconds{limits::member_expiry}.count();
  REQUIRE(group.join(heartbeat_of(1, "a", {0})));
  REQUIRE(group.join(heartbeat_of(2, "b", {expiry})));
  CHECK(group.expire({expiry}).empty());
  auto gone = group.expire({expiry + 1});
  REQUIRE(gone.size() == 1);
  CHECK(gone.front().connection.slot == 1);
  CHECK(group.list().members.front().client_id == "b");
}

TEST_CASE("a newer subscription replaces an older one, never the reverse") {
  auto group = make_group();
  REQUIRE(group.join(heartbeat_of(1, "a", {0}, 10, "A")));
  REQUIRE(group.join(heartbeat_of(2, "b", {0}, 11, "B")));
  auto older = group.join(heartbeat_of(1, "a", {0}, 10, "A"));
  REQUIRE(older);
  CHECK(group.snapshot()->subscriptions.at("T")->expression == "B");
}

TEST_CASE("a queue is locked by one client until it lets go or is silent") {
  auto group = make_group();
  auto queues = std::vector{queue_number(0), queue_number(1)};
  auto expiry = std::chrono::milliseconds{limits::queue_lock_expiry}.count();
  CHECK(group.lock("a", queues, {0}) == queues);
  CHECK(group.lock("b", queues, {1}).empty());
  CHECK(group.lock("a", queues, {expiry - 1}) == queues); // refreshed
  CHECK(group.lock("b", queues, {expiry + 1}).empty());
  CHECK(group.any_locked({expiry + 1}));
  CHECK(group.lock("b", queues, {2 * expiry + 1}) == queues);
  group.unlock("a", queues); // not its own any more
  CHECK(group.lock("a", queues, {2 * expiry + 2}).empty());
  group.unlock("b", queues);
  CHECK(group.lock("a", queues, {2 * expiry + 3}) == queues);
}

TEST_CASE("a reset holds against the consumers' own commits until taken") {
  auto group = make_group();
  group.commit({{queue_number(0), {100}}}, {1000});
  group.reset({{queue_number(0), {5}}});
  group.commit({{queue_number(0), {101}}},
               {1000}); // from before they heard of it
  CHECK(*group.offset(queue_number(0)) == queue_offset{5});
  CHECK(group.snapshot()->resets.contains(queue_number(0)));
  group.take_reset(queue_number(0));
  group.commit({{queue_number(0), {6}}}, {1000});
  CHECK(*group.offset(queue_number(0)) == queue_offset{6});
}

TEST_CASE("progress agrees with a map, and what changed is told once") {
  auto seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  std::mt19937 random{seed};
  auto group = make_group();
  std::map<queue_key, queue_offset> model;
  std::map<queue_key, queue_offset> stored;
  for (int step = 0; step < 2000; ++step) {
    auto queue = queue_number(static_cast<std::int32_t>(random() % 8));
    switch (random() % 5) {
      case 0:
      case 1:
      case 2: {
        queue_offset offset{static_cast<std::int64_t>(random() % 1000)};
        group.commit({{queue, offset}}, {1000});
        model[queue] = offset;
        break;
      }
      case 3: {
        auto dirty = group.take_dirty();
        if (random() % 4 == 0) {
          group.mark_dirty(dirty); // the disk was full
          break;
        }
        for (const auto& row : dirty)
          stored[row.queue] = row.offset;
        REQUIRE(stored == model);
        REQUIRE_FALSE(group.has_dirty());
        break;
      }
      default: {
        auto found = group.offset(queue);
        auto wanted = model.find(queue);
        REQUIRE(static_cast<bool>(found) == (wanted != model.end()));
        if (found)
          REQUIRE(*found == wanted->second);
        break;
      }
    }
  }
}
