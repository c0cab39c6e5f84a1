#include "commit_log/sync_gate.hpp"

#include "support/catch.hpp"

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr sync_gate::time_point start{1h};

} // namespace

TEST_CASE("before anything was synced nothing is held") {
  sync_gate gate;
  CHECK(gate.hold(start, 1) == 0ns);
}

TEST_CASE("a sync waits for those that the one before has answered") {
  sync_gate gate;
  gate.ended(start, 200us, 8, 8);
  CHECK(gate.hold(start + 10us, 8) == 90us);
  CHECK(gate.hold(start + 60us, 15) == 40us);
  CHECK(gate.hold(start + 80us, 16) == 0ns);
  // It is under way now; what comes meanwhile is another matter.
  CHECK(gate.hold(start + 81us, 1) == 0ns);
}

TEST_CASE("one producer alone is never held") {
  sync_gate gate;
  gate.ended(start, 200us, 1, 0);
  CHECK(gate.hold(start + 20us, 1) == 0ns);
}

TEST_CASE("nobody waits for longer than half a sync, nor than the maximum") {
  sync_gate gate;
  gate.ended(start, 200us, 8, 8);
  CHECK(gate.hold(start, 8) == 100us);
  CHECK(gate.hold(start + 100us, 8) == 0ns);

  sync_gate slow_disk;
  slow_disk.ended(start, 1s, 8, 8);
  CHECK(slow_disk.hold(start, 8) == sync_gate::hold_max);
}

TEST_CASE("where a sync takes no time there is nothing to gain") {
  sync_gate gate;
  gate.ended(start, 30us, 8, 8);
  CHECK(gate.hold(start, 8) == 0ns);
}

TEST_CASE("waiting in vain is tried ever more seldom, and again when it pays") {
  sync_gate gate;
  auto now = start;
  // A cycle in which `back` of 8 come back in time; was it held?
  auto cycle = [&](std::int64_t back) {
    now += 1ms;
    gate.ended(now, 200us, 8, 8);
    auto held = gate.hold(now, 8) > 0ns;
    gate.hold(now + 100us, 8 + back);
    return held;
  };
  auto holds_in = [&](int cycles, std::int64_t back) {
    int holds = 0;
    for (int i = 0; i < cycles; ++i)
      holds += cycle(back) ? 1 : 0;
    return holds;
  };
  CHECK(holds_in(100, 8) == 100);
  CHECK(holds_in(100, 4) == 100); // three of four are enough
  CHECK(holds_in(650, 1) < 20);
  CHECK(holds_in(100, 8) >= 100 - 64);
  CHECK(holds_in(100, 8) == 100);
}
