#include "reactor/reactor_timer.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "support/catch.hpp"

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("a timer rings once, after its last delay") {
  caf::actor_system_config config;
  caf::actor_system system{config};
  reactor home{system};
  home.adopt_thread();
  int rings = 0;
  reactor_timer timer{&home, [&] { ++rings; }};
  CHECK(!timer.set(0ns));

  CHECK(timer.set(1ms));
  home.run_once(5000);
  CHECK(rings == 1);

  CHECK(timer.set(1h));
  CHECK(timer.set(1ms));
  home.run_once(5000);
  CHECK(rings == 2);

  CHECK(timer.set(1ms));
  CHECK(!timer.set(0ns));
  home.run_once(50);
  CHECK(rings == 2);

  CHECK(timer.set(1ms));
  timer.stop();
  home.run_once(50);
  CHECK(rings == 2);
}

TEST_CASE("without a reactor a timer never rings") {
  reactor_timer timer{nullptr, [] {}};
  CHECK(!timer.set(1ms));
}
