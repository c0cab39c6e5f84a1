/// A machine that loses power at any call of a run: what was never synced may
/// be gone, what was acknowledged may not.
#include "support/power_loss.hpp"

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/scratch.hpp"
#include "support/small_store.hpp"

using namespace troupe;

namespace {

/// Sixty messages in three queues, over several segments, with checkpoints.
void run(test::small_store& store) {
  if (!store.open())
    return;
  for (int i = 0; i < 60; ++i) {
    auto body = "message-" + std::to_string(i) + std::string(200, '.');
    store.send(i % 3, body, i % 2 == 0 ? "A" : "B");
    if (i % 17 == 16)
      store.checkpoint();
  }
}

} // namespace

TEST_CASE("power may go at any call: what was acknowledged stays") {
  auto seed = test::seed_of_run("power loss");
  CAPTURE(seed);
  std::mt19937 random{seed};
  int calls = 0;
  {
    test::scratch home;
    test::power_loss power;
    test::small_store store{home / "data"};
    run(store);
    REQUIRE(store.acknowledged[0].size() == 20);
    calls = power.calls;
  }
  REQUIRE(calls > 120);
  for (int stop_at = 0; stop_at < calls; ++stop_at) {
    CAPTURE(stop_at);
    test::scratch home;
    test::small_store store{home / "data"};
    {
      test::power_loss power;
      power.stop_at = stop_at;
      run(store);
      store.close();
      power.cut(random);
    }
    auto opened = store.open();
    INFO(store.why());
    REQUIRE(opened);
    store.check();
    // And it goes on: the next message gets an offset of its own.
    store.send(0, "after", "A");
    store.check();
  }
}

TEST_CASE("power may go again and again") {
  auto seed = test::seed_of_run("power loss, repeated");
  CAPTURE(seed);
  std::mt19937 random{seed};
  test::scratch home;
  test::small_store store{home / "data"};
  for (int life = 0; life < 30; ++life) {
    CAPTURE(life);
    test::power_loss power;
    power.stop_at = static_cast<int>(random() % 200);
    if (store.open())
      for (int i = 0; i < 40; ++i) {
        store.send(static_cast<std::int32_t>(random() % 3),
                   std::to_string(life) + "-" + std::to_string(i)
                     + std::string(random() % 300, '.'),
                   "A");
        if (random() % 10 == 0)
          store.checkpoint();
      }
    store.close();
    power.cut(random);
  }
  REQUIRE(store.open());
  store.check();
}
