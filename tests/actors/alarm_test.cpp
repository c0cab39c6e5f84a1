/// One wake-up at a time, whatever the clock does.
#include "deadlines/alarm.hpp"

#include "support/catch.hpp"

using namespace troupe;
using namespace std::chrono_literals;

namespace {

constexpr epoch_ms now{1'000'000'000};

} // namespace

TEST_CASE("alarm: wakes when it is due, and looks at the clock meanwhile") {
  troupe::alarm clock;
  CHECK(clock.arm(now + 20, now) == 20ms);
  CHECK_FALSE(clock.arm(now + 20, now));
  CHECK_FALSE(clock.arm(now + 3'600'000, now));
  CHECK(clock.arm(now + 5, now) == 5ms);
  CHECK(troupe::alarm{}.arm(now + 3'600'000, now) == limits::alarm_max);
  CHECK(troupe::alarm{}.arm(now + -7, now) == 1ms);
}

TEST_CASE("alarm: a tick that was overtaken counts for nothing") {
  troupe::alarm clock;
  REQUIRE(clock.arm(now + 400, now));
  REQUIRE(clock.arm(now + 100, now));
  CHECK(clock.ring(now + 100));
  REQUIRE(clock.arm(now + 900, now + 100) == limits::alarm_max);
  CHECK_FALSE(clock.ring(now + 400)); // the first one
  CHECK(clock.ring(now + 600));
  CHECK(clock.ticks() == 0);
}

TEST_CASE("alarm: jumps of the clock add no ticks and lose none") {
  troupe::alarm clock;
  auto jump = GENERATE(-3'600'000, 3'600'000);
  REQUIRE(clock.arm(now + 300, now));
  auto then = now + jump;
  clock.arm(then + 200, then); // perhaps one more is needed
  CHECK(clock.ticks() <= 2);
  // However they come in, the last one that is on its way counts.
  auto counted = 0;
  for (auto left = clock.ticks(); left > 0; --left)
    counted += clock.ring(then + 300) ? 1 : 0;
  CHECK(counted >= 1);
  CHECK(clock.ticks() == 0);
  CHECK(clock.arm(then + 400, then + 300) == 100ms);
}
