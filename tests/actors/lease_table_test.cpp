/// The rules of leases, with the time given; and against a model.
#include "pop/lease_table.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <set>

using namespace troupe;

namespace {

pop_key key_of(const std::string& topic = "T", std::int32_t queue = 0) {
  return {"G", {topic, {queue}}};
}

grant take(std::int64_t start, std::initializer_list<std::int64_t> offsets,
           std::int64_t time = 1000, std::int64_t invisible = 500) {
  grant result{{start}, {}, {time}, invisible, 3};
  for (auto x : offsets)
    result.offsets.push_back({x});
  return result;
}

lease_key lease_of(std::int64_t start, std::int64_t time = 1000) {
  return {key_of(), {start}, {time}};
}

std::vector<std::int64_t> numbers(const std::vector<queue_offset>& offsets) {
  std::vector<std::int64_t> result;
  for (auto x : offsets)
    result.push_back(x.value);
  return result;
}

using list = std::vector<std::int64_t>;

} // namespace

TEST_CASE("who has a message is found from where it lies") {
  lease_table table;
  auto& queue = table.at(key_of());
  auto until = [&table](std::int64_t offset, std::int64_t now = 1200) {
    auto found = table.find_open(key_of(), {offset}, {now});
    return found.leased ? found.until.value : -1;
  };
  CHECK(until(10) == -1);
  table.lend(queue, take(10, {10, 14}));         // a filter passed others by
  table.lend(queue, take(12, {12, 13}, 1001));   // another filter
  table.lend(queue, take(20, {20}, 1002, 5000)); // longer
  CHECK(until(9) == -1);
  CHECK(until(10) == 1500);
  CHECK(until(11) == -1);
  CHECK(until(13) == 1501);
  CHECK(until(14) == 1500);
  CHECK(until(20) == 6002);
  CHECK(until(21) == -1);
  CHECK(table.find_open(key_of("other"), {10}, {1200}).leased == false);
  CHECK(table.find_open(key_of(), {13}, {1200}).popped == epoch_ms{1001});
  REQUIRE(table.acknowledge(lease_of(10), {14}) == ack_outcome::done);
  CHECK(until(14) == -1);
  CHECK(until(10) == 1500);
  CHECK(table.take_due({1500}, 9).size() == 1);
  CHECK(until(10) == 0); // on its way back into the log
}

TEST_CASE("who has a message that was popped in order, as long as it may") {
  lease_table table;
  auto& queue = table.at(key_of());
  table.lend_in_order(queue, take(5, {5, 6}), "a");
  CHECK(table.find_open(key_of(), {6}, {1200}).until == epoch_ms{1500});
  CHECK_FALSE(table.find_open(key_of(), {6}, {1500}).leased);
  REQUIRE(table.acknowledge_in_order(lease_of(5), {5}) == ack_outcome::done);
  CHECK_FALSE(table.find_open(key_of(), {5}, {1200}).leased);
}

TEST_CASE("a lease ends when its last message is acknowledged") {
  lease_table table;
  auto& queue = table.at(key_of());
  table.lend(queue, take(10, {10, 11, 12}));
  table.move_to(queue, {13});
  CHECK(queue.in_flight == 3);
  CHECK(table.messages() == 3);
  auto changes = table.take_changes();
  REQUIRE(changes.changed.size() == 1);
  CHECK(changes.changed[0].messages.size() == 3);
  REQUIRE(changes.progress.size() == 1);
  CHECK(changes.progress[0].rows[0].offset == queue_offset{13});
  CHECK(table.acknowledge(lease_of(10), {11}) == ack_outcome::done);
  CHECK(table.acknowledge(lease_of(10), {11}) == ack_outcome::unknown);
  CHECK(table.acknowledge(lease_of(10), {99}) == ack_outcome::unknown);
  CHECK(table.acknowledge(lease_of(9), {12}) == ack_outcome::unknown);
  changes = table.take_changes();
  REQUIRE(changes.changed.size() == 1);
  CHECK(changes.changed[0].messages[1].acked);
  CHECK(table.acknowledge(lease_of(10), {10}) == ack_outcome::done);
  CHECK(table.acknowledge(lease_of(10), {12}) == ack_outcome::done);
  changes = table.take_changes();
  CHECK(changes.changed.empty());
  CHECK(changes.removed == std::vector{lease_of(10)});
  CHECK(table.messages() == 0);
  CHECK_FALSE(table.next_due());
  table.check_invariants();
}

TEST_CASE("what is not acknowledged in time is due, without the others") {
  lease_table table;
  auto& queue = table.at(key_of());
  table.lend(queue, take(10, {12, 15, 31})); // others did not match
  CHECK(table.acknowledge(lease_of(10), {15}) == ack_outcome::done);
  CHECK(table.next_due() == epoch_ms{1500});
  CHECK(table.take_due({1499}, 10).empty());
  auto due = table.take_due({1500}, 10);
  REQUIRE(due.size() == 1);
  CHECK(due[0].key == lease_of(10));
  CHECK(numbers(due[0].offsets) == list{12, 31});
  CHECK(table.take_due({9999}, 10).empty()); // it is being revived
  CHECK(table.acknowledge(lease_of(10), {12}) == ack_outcome::done);
  table.put_back(lease_of(10), {2000});
  due = table.take_due({2000}, 10);
  REQUIRE(due.size() == 1);
  CHECK(numbers(due[0].offsets) == list{31});
  CHECK(table.acknowledge(lease_of(10), {31}) == ack_outcome::done);
  CHECK(table.messages() == 0);
}

TEST_CASE("a message that is postponed has a lease of its own") {
  lease_table table;
  auto& queue = table.at(key_of());
  table.lend(queue, take(10, {10, 11}));
  CHECK(table.postpone(lease_of(10), {11}, {1200}, 5000) == ack_outcome::done);
  CHECK(table.postpone(lease_of(10), {11}, {1200}, 5000)
        == ack_outcome::unknown);
  CHECK(queue.in_flight == 2);
  auto due = table.take_due({1500}, 10);
  REQUIRE(due.size() == 1);
  CHECK(numbers(due[0].offsets) == list{10});
  // Being revived: too late for more time.
  CHECK(table.postpone(lease_of(10), {10}, {1500}, 1) == ack_outcome::unknown);
  CHECK(table.acknowledge(lease_of(10), {10}) == ack_outcome::done);
  CHECK(table.take_due({6199}, 10).empty());
  CHECK(table.acknowledge(lease_of(11, 1200), {11}) == ack_outcome::done);
  CHECK(table.messages() == 0);
  table.check_invariants();
}

TEST_CASE("postponing twice in the same millisecond keeps the message") {
  lease_table table;
  table.lend(table.at(key_of()), take(10, {10}));
  CHECK(table.postpone(lease_of(10), {10}, {1000}, 100) == ack_outcome::done);
  CHECK(table.postpone(lease_of(10), {10}, {1000}, 200) == ack_outcome::done);
  auto changes = table.take_changes();
  REQUIRE(changes.changed.size() == 1);
  CHECK(changes.changed[0].invisible_ms == 200);
  CHECK(table.next_due() == epoch_ms{1200});
  CHECK(table.messages() == 1);
  table.check_invariants();
}

TEST_CASE("there is a bound to what may be leased") {
  lease_table table{3};
  CHECK(table.has_room(3));
  table.lend(table.at(key_of()), take(0, {0, 1}));
  CHECK(table.has_room(1));
  CHECK_FALSE(table.has_room(2));
}

TEST_CASE("in order a queue is closed until its messages are done") {
  lease_table table;
  auto& queue = table.at(key_of());
  queue.next = queue_offset{2};
  CHECK(table.lend_in_order(queue, take(2, {2, 3}), "a1") == std::vector{0, 0});
  CHECK(table.blocked_until(queue, "a2", {1400}) == epoch_ms{1500});
  CHECK_FALSE(table.blocked_until(queue, "a1", {1400})); // asks once more
  CHECK_FALSE(table.blocked_until(queue, "a2", {1500}));
  CHECK(table.acknowledge_in_order(lease_of(2), {7}) == ack_outcome::illegal);
  CHECK(table.acknowledge_in_order(lease_of(2, 999), {2})
        == ack_outcome::unknown);
  // The later one first: progress stays at the first open one.
  CHECK(table.acknowledge_in_order(lease_of(2), {3}) == ack_outcome::done);
  CHECK(queue.next == queue_offset{2});
  CHECK(table.blocked_until(queue, "a2", {1400}));
  CHECK(table.acknowledge_in_order(lease_of(2), {2}) == ack_outcome::done);
  CHECK(queue.next == queue_offset{4});
  CHECK_FALSE(table.blocked_until(queue, "a2", {1400}));
  CHECK(table.messages() == 0);
  table.check_invariants();
}

TEST_CASE("in order it is counted how often a message was popped") {
  lease_table table;
  auto& queue = table.at(key_of());
  table.lend_in_order(queue, take(2, {2, 3}), "a1");
  table.acknowledge_in_order(lease_of(2), {2});
  CHECK(table.lend_in_order(queue, take(3, {3, 4}, 2000), "a2")
        == std::vector{1, 0});
  CHECK(table.lend_in_order(queue, take(3, {3, 4}, 3000), "a2")
        == std::vector{1, 0}); // the same attempt
  CHECK(table.lend_in_order(queue, take(3, {3, 4}, 4000), "a3")
        == std::vector{2, 1});
  CHECK(table.messages() == 2);
  table.check_invariants();
}

TEST_CASE("in order one message may be put off, and closes its queue") {
  lease_table table;
  auto& queue = table.at(key_of());
  table.lend_in_order(queue, take(2, {2, 3}), "");
  CHECK(table.postpone_in_order(lease_of(2), {3}, {1100}, 3000)
        == ack_outcome::done);
  CHECK(table.blocked_until(queue, "", {2000}) == epoch_ms{4100});
  auto due = table.take_due({4100}, 10);
  REQUIRE(due.size() == 1);
  CHECK(due[0].in_order);
  CHECK(table.messages() == 2); // it stays until it is popped again
}

TEST_CASE("leases come back as they were stored") {
  lease_table table;
  auto& queue = table.at(key_of());
  table.lend(queue, take(10, {10, 12, 13}));
  table.acknowledge(lease_of(10), {12});
  table.lend_in_order(table.at(key_of("O")), take(1, {1, 2}), "x");
  auto stored = table.take_changes().changed;
  REQUIRE(stored.size() == 2);
  lease_table again;
  again.restore(stored);
  CHECK_FALSE(again.has_changes());
  CHECK(again.messages() == table.messages());
  CHECK(again.blocked_until(again.at(key_of("O")), "y", {1100}));
  auto due = again.take_due({1500}, 10);
  REQUIRE(due.size() == 2);
  auto plain = std::ranges::find(due, false, &due_lease::in_order);
  CHECK(numbers(plain->offsets) == list{10, 13});
  again.check_invariants();
}

TEST_CASE("a copy and the end of its lease are stored together") {
  lease_table table;
  table.lend(table.at(key_of()), take(10, {10}));
  table.take_changes();
  CHECK(table.is_open(lease_of(10), {10}));
  CHECK(table.acknowledge(lease_of(10), {10}) == ack_outcome::done);
  CHECK_FALSE(table.is_open(lease_of(10), {10}));
  table.note_copy({"%RETRY%G_T", {0}}, {4});
  auto changes = table.take_changes();
  CHECK(changes.removed == std::vector{lease_of(10)});
  REQUIRE(changes.progress.size() == 1);
  CHECK(changes.progress[0].group == revive_group);
  CHECK(changes.progress[0].rows[0].offset == queue_offset{4});
  CHECK_FALSE(table.has_changes());
}

TEST_CASE("a deleted topic or group leaves nothing") {
  lease_table table;
  table.lend(table.at(key_of("A")), take(0, {0}));
  table.lend(table.at(key_of("B")), take(0, {0}));
  table.take_changes();
  table.forget_topic("A");
  CHECK(table.take_changes().removed.size() == 1);
  CHECK(table.messages() == 1);
  table.forget_group("G");
  CHECK(table.take_changes().removed.size() == 1);
  CHECK(table.messages() == 0);
  table.check_invariants();
}

TEST_CASE("no message is lost or lent twice, whatever happens") {
  auto seed = GENERATE(1u, 2u, 3u, 4u);
  CAPTURE(seed);
  std::mt19937 random{seed};
  lease_table table;
  std::map<lease_key, std::set<std::int64_t>> model; // open ones
  std::map<lease_key, epoch_ms> due_at;
  std::map<lease_key, lease_row> disk;
  std::int64_t next = 0;
  epoch_ms now{1'000'000};
  auto any = [&](auto& map) {
    auto i = map.begin();
    std::advance(i, static_cast<std::ptrdiff_t>(random() % map.size()));
    return i;
  };
  for (int i = 0; i < 3000; ++i) {
    now += 1 + static_cast<std::int64_t>(random() % 20);
    switch (random() % 4) {
      case 0: {
        grant taken{{next}, {}, now, 200, 0};
        auto count = 1 + random() % 32;
        for (std::size_t k = 0; k < count; ++k) {
          next += static_cast<std::int64_t>(random() % 3 == 0 ? 2 : 1);
          taken.offsets.push_back({next});
        }
        ++next;
        table.lend(table.at(key_of()), taken);
        lease_key key{key_of(), taken.start, now};
        for (auto x : taken.offsets)
          model[key].insert(x.value);
        due_at[key] = now + 200;
        break;
      }
      case 1: {
        if (model.empty())
          break;
        auto lease = any(model);
        auto offset = *lease->second.begin();
        CHECK(table.acknowledge(lease->first, {offset}) == ack_outcome::done);
        lease->second.erase(offset);
        if (lease->second.empty()) {
          due_at.erase(lease->first);
          model.erase(lease);
        }
        break;
      }
      case 2: {
        if (model.empty())
          break;
        auto lease = any(model);
        auto offset = *lease->second.rbegin();
        CHECK(table.postpone(lease->first, {offset}, now, 500)
              == ack_outcome::done);
        lease->second.erase(offset);
        if (lease->second.empty()) {
          due_at.erase(lease->first);
          model.erase(lease);
        }
        lease_key fresh{key_of(), {offset}, now};
        model[fresh].insert(offset);
        due_at[fresh] = now + 500;
        break;
      }
      case 3:
        for (auto& due : table.take_due(now, 5)) {
          CHECK(due_at.at(due.key) <= now);
          auto& open = model.at(due.key);
          CHECK(std::set<std::int64_t>(open) == [&] {
            std::set<std::int64_t> set;
            for (auto x : due.offsets)
              set.insert(x.value);
            return set;
          }());
          for (auto x : due.offsets)
            CHECK(table.acknowledge(due.key, x) == ack_outcome::done);
          model.erase(due.key);
          due_at.erase(due.key);
        }
        break;
    }
    auto changes = table.take_changes();
    for (const auto& key : changes.removed)
      disk.erase(key);
    for (const auto& row : changes.changed)
      disk[row.key] = row;
    if (i % 100 == 0)
      table.check_invariants();
  }
  // What the disk has is what is open.
  std::map<lease_key, std::set<std::int64_t>> stored;
  for (const auto& [key, row] : disk)
    for (const auto& message : row.messages)
      if (!message.acked)
        stored[key].insert(message.offset.value);
  CHECK(stored == model);
}

TEST_CASE("lease_table: it knows who has popped, until the next start") {
  lease_table table;
  auto& queue = table.at(key_of());
  auto taken = take(5, {5, 6});
  taken.popper = {3, 1};
  table.lend(queue, taken);
  REQUIRE(table.postpone(lease_of(5), {6}, {1200}, 500) == ack_outcome::done);
  auto who = [&](lease_table& x, std::int64_t offset) {
    auto found = x.find_open(key_of(), {offset}, {1300});
    REQUIRE(found.leased);
    return found.from;
  };
  CHECK(who(table, 5) == connection_id{3, 1});
  CHECK(who(table, 6) == connection_id{3, 1});
  auto rows = table.take_changes().changed;
  lease_table restarted;
  restarted.restore(rows);
  CHECK(who(restarted, 5) == connection_id{});
  auto& ordered = table.at(key_of("ordered"));
  taken = take(1, {1});
  taken.popper = {4, 2};
  table.lend_in_order(ordered, taken, "");
  CHECK(table.find_open(key_of("ordered"), {1}, {1300}).from
        == connection_id{4, 2});
}
