#include "registrar/announcements.hpp"

#include "support/catch.hpp"

using namespace troupe;
using namespace std::chrono_literals;

namespace {

using outcome = announcements::outcome;

constexpr announcements::time_point start{1h};

} // namespace

TEST_CASE("whoever waits does so until all name servers have been told") {
  announcements all{2, 2s};
  CHECK_FALSE(all.deadline());
  all.add(start);
  CHECK(all.begin(0));
  CHECK(all.begin(1));
  CHECK(all.deadline() == start + 2s);
  all.end(0, outcome::told);
  CHECK(all.take_settled(start + 1s) == 0);
  all.end(1, outcome::told);
  CHECK(all.take_settled(start + 1s) == 1);
  CHECK_FALSE(all.deadline());
}

TEST_CASE("what comes while a name server is told is told it at once") {
  announcements all{1, 2s};
  all.add(start);
  REQUIRE(all.begin(0));
  for (int i = 0; i < 1000; ++i) {
    all.add(start + 1ms);
    CHECK_FALSE(all.begin(0));
  }
  all.end(0, outcome::told);
  CHECK(all.take_settled(start + 2ms) == 1); // the others came too late for it
  CHECK(all.begin(0));
  all.end(0, outcome::told);
  CHECK(all.take_settled(start + 3ms) == 1000);
  CHECK_FALSE(all.begin(0)); // nothing new
}

TEST_CASE("a name server that cannot be told is not waited for") {
  announcements all{2, 2s};
  all.add(start);
  REQUIRE(all.begin(0));
  REQUIRE(all.begin(1));
  all.end(0, outcome::failed);
  all.end(1, outcome::told);
  CHECK(all.take_settled(start) == 1);
  all.add(start);
  REQUIRE(all.begin(1));
  all.end(1, outcome::told);
  CHECK(all.take_settled(start) == 1);
  // But it is tried each time, and waited for again when it answers.
  REQUIRE(all.begin(0));
  all.end(0, outcome::told);
  all.add(start);
  REQUIRE(all.begin(1));
  all.end(1, outcome::told);
  CHECK(all.take_settled(start) == 0);
}

TEST_CASE("a name server that hangs is waited for up to the bound, and once") {
  announcements all{1, 2s};
  all.add(start);
  REQUIRE(all.begin(0));
  all.add(start + 1s);
  CHECK(all.take_settled(start + 2s - 1ns) == 0);
  CHECK(all.take_settled(start + 2s) == 2); // the second need not learn it, too
  all.add(start + 3s);
  CHECK(all.take_settled(start + 3s) == 1);
  all.end(0, outcome::told); // it was only slow
  CHECK(all.begin(0));
  all.add(start + 4s);
  CHECK(all.take_settled(start + 4s) == 0);
}

TEST_CASE("without name servers nobody waits") {
  announcements all{0, 2s};
  all.add(start);
  CHECK(all.take_settled(start) == 1);
}
