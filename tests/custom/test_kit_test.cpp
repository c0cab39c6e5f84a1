/// How a user tests an actor: the example of the test kit.
#include "troupe/test_kit.hpp"

#include "custom/actors.hpp"
#include "support/catch.hpp"

using namespace troupe::custom;
using namespace std::chrono_literals;

namespace {

outgoing letter(std::string topic, std::string body) {
  outgoing x;
  x.topic = std::move(topic);
  x.body = std::move(body);
  return x;
}

const fields copies{{"from", "in"}, {"to", "out"}};

} // namespace

TEST_CASE("test_kit: messages go through, state is kept") {
  test_kit kit{troupe::test::copier_type(), copies};
  REQUIRE(kit.refused().empty());
  kit.publish(letter("in", "one"));
  kit.publish(letter("elsewhere", "no"));
  kit.publish(letter("in", "two"));
  REQUIRE(kit.sent("out").size() == 2);
  CHECK(kit.sent("out")[1].body == "two");
  CHECK(kit.state().at("count") == "2");
  kit.crash();
  kit.publish(letter("in", "three"));
  CHECK(kit.state().at("count") == "3");
  CHECK(kit.sent("out").size() == 3);
}

TEST_CASE("test_kit: a failed call is taken back and repeated after a pause") {
  auto given = copies;
  given.emplace_back("times", "2");
  test_kit kit{troupe::test::copier_type(), given};
  kit.publish(letter("in", "bad one"));
  kit.publish(letter("in", "good"));
  CHECK(kit.life_state() == life::backing_off);
  CHECK(kit.sent().empty());
  CHECK(kit.state().empty());
  CHECK(kit.last_error() == "cannot take bad one");
  kit.advance(100ms);
  CHECK(kit.sent().empty());
  CHECK(kit.lag("in") == 2);
  kit.advance(200ms);
  REQUIRE(kit.sent("out").size() == 2);
  CHECK(kit.state().at("count") == "2");
  CHECK(kit.supervision().failures_in_row() == 0);
}

TEST_CASE("test_kit: a message that kills it again and again is put aside") {
  test_kit kit{troupe::test::copier_type(), copies, {2, 10, 100, 1000}};
  kit.publish(letter("in", "bad"));
  kit.publish(letter("in", "good"));
  kit.advance(1s);
  auto parked = kit.parked();
  REQUIRE(parked.size() == 1);
  CHECK(parked[0].topic == "%DLQ%custom-test");
  CHECK(parked[0].body == "bad");
  arguments properties{parked[0].properties};
  CHECK(properties.get("PARKED_WHY") == "cannot take bad");
  CHECK(properties.get("PARKED_FROM") == "in/0/0");
  CHECK(properties.get("PARKED_ATTEMPTS") == "2");
  CHECK(properties.get("DLQ_ORIGIN_TOPIC") == "in");
  REQUIRE(kit.sent("out").size() == 1);
  CHECK(kit.sent("out")[0].body == "good");
}

TEST_CASE("test_kit: too many failures in a row are a quarantine") {
  test_kit kit{troupe::test::copier_type(), copies, {100, 3, 100, 1000}};
  kit.publish(letter("in", "bad"));
  kit.advance(1h);
  CHECK(kit.life_state() == life::quarantined);
  CHECK(kit.ask("get", {{"key", "count"}}).refused
        == "the actor is not ready: cannot take bad");
  kit.restart();
  CHECK(kit.supervision().failures() == 4);
}

TEST_CASE("test_kit: timers follow the clock") {
  test_kit kit{troupe::test::copier_type(), copies};
  kit.advance(35s);
  CHECK(kit.state().at("timer beat") == "3");
  kit.ask("later", {{"ms", "500"}});
  kit.advance(499ms);
  CHECK_FALSE(kit.state().contains("timer later"));
  kit.advance(1ms);
  CHECK(kit.state().at("timer later") == "1");
  kit.advance(1h);
  CHECK(kit.state().at("timer later") == "1");
}

TEST_CASE("test_kit: wrong arguments and questions are refused in a sentence") {
  test_kit no_target{troupe::test::copier_type(), {{"from", "in"}}};
  CHECK(no_target.refused() == "argument `to` is missing: write to=VALUE");
  auto given = copies;
  given.emplace_back("tmes", "1");
  test_kit slip{troupe::test::copier_type(), given};
  CHECK(slip.refused()
        == "argument `tmes` is not known to copier, which takes: from=TOPIC "
           "to=TOPIC [times=N]");
  test_kit kit{troupe::test::copier_type(), copies};
  CHECK(kit.ask("what").refused == "no such question");
  CHECK(kit.supervision().failures() == 0);
  CHECK(kit.ask("die").refused == "asked to die");
  CHECK(kit.supervision().failures() == 1);
}

TEST_CASE("test_kit: requests, checks and deliveries") {
  test_kit kit{troupe::test::clerk_type(),
               {{"serves", "desk"},
                {"filters", "in"},
                {"groups", "g-*"},
                {"checks", "PG"}}};
  REQUIRE(kit.refused().empty());
  auto said = kit.request(letter("desk", "hello"));
  REQUIRE(said);
  CHECK(said->body == "re: hello 1");
  said = kit.request(letter("desk", "refuse"));
  REQUIRE(said);
  CHECK(said->body.empty());
  // One that fails is served after the pause, unless that takes too long.
  CHECK_FALSE(kit.request(letter("desk", "bad"), 1s));
  kit.advance(100ms);
  REQUIRE(kit.reply_to("3"));
  CHECK(kit.reply_to("3")->body == "re: bad 2");
  CHECK_FALSE(kit.request(letter("desk", "bad"), 50ms));
  kit.advance(1s);
  CHECK_FALSE(kit.reply_to("4"));

  CHECK(kit.answers_checks_of("PG"));
  CHECK_FALSE(kit.answers_checks_of("other"));
  CHECK(kit.check(letter("in", "yes")) == transaction_outcome::commit);
  CHECK(kit.check(letter("in", "no")) == transaction_outcome::roll_back);
  CHECK(kit.check(letter("in", "else")) == transaction_outcome::unknown);

  CHECK(kit.delivers(letter("in", "x"), "g-1") == true);
  CHECK(kit.delivers(letter("in", "for others"), "g-1") == false);
  CHECK(kit.delivers(letter("in", "for others"), "h") == true);
  CHECK_FALSE(kit.delivers(letter("in", "throw"), "g-1"));
}
