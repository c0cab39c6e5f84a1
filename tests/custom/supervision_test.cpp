#include "troupe/custom/ledger.hpp"
#include "troupe/custom/supervision.hpp"
#include "troupe/custom/topic_pattern.hpp"

#include "support/catch.hpp"

using namespace troupe::custom;

TEST_CASE("supervision: pauses double up to their bound, then quarantine") {
  supervision x{{3, 5, 100, 300}};
  CHECK(x.state() == life::running);
  std::int64_t now = 1000;
  for (std::int64_t pause : {100, 200, 300, 300}) {
    CAPTURE(pause);
    x.failed(now);
    CHECK(x.state() == life::backing_off);
    CHECK(x.resumes_at() == now + pause);
    CHECK_FALSE(x.resume(now + pause - 1));
    CHECK(x.resume(now + pause));
    CHECK(x.state() == life::running);
    now += pause;
  }
  x.failed(now);
  CHECK(x.state() == life::quarantined);
  CHECK_FALSE(x.resume(now + 1'000'000));
  CHECK(x.restarts() == 4);
  x.restart();
  CHECK(x.state() == life::running);
  CHECK(x.failures_in_row() == 0);
  CHECK(x.failures() == 5);
}

TEST_CASE("supervision: a call that returns ends the row of failures") {
  supervision x{{3, 2, 100, 300}};
  x.failed(0);
  x.resume(100);
  x.succeeded();
  x.failed(200);
  CHECK(x.state() == life::backing_off);
}

TEST_CASE("supervision: a message has its attempts and no more") {
  supervision x{{3, 10, 100, 300}};
  supervision::place one{"T/0", 7};
  supervision::place other{"T/1", 7};
  CHECK_FALSE(x.count_attempt(one));
  CHECK_FALSE(x.count_attempt(one));
  CHECK_FALSE(x.count_attempt(other));
  CHECK(x.attempts_at(one) == 2);
  CHECK(x.count_attempt(one));
  x.forget(one);
  CHECK(x.attempts_at(one) == 0);
  CHECK(x.attempts_at(other) == 1);
}

TEST_CASE("ledger: what a failed call has done is taken back") {
  ledger books{{{"kept", "1"}, {"erased", "2"}}};
  auto bytes = books.bytes();
  books.begin();
  books.put("kept", "changed");
  books.put("new", "x");
  books.put("new", "y");
  books.erase("erased");
  outgoing message;
  message.topic = "T";
  books.send(message);
  books.after(std::chrono::milliseconds{5}, "timer");
  CHECK(books.has_sent());
  books.take_back();
  CHECK(books.state() == ledger::rows{{"kept", "1"}, {"erased", "2"}});
  CHECK(books.bytes() == bytes);
  CHECK_FALSE(books.has_sent());
  CHECK(books.take_timers().empty());
}

TEST_CASE("ledger: changes are told once, with their last value") {
  ledger books{{{"gone", "1"}}};
  books.begin();
  books.put("a", "1");
  books.put("a", "2");
  books.erase("gone");
  auto changes = books.take_changes();
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].first == "a");
  CHECK(changes[0].second == "2");
  CHECK(changes[1].first == "gone");
  CHECK_FALSE(changes[1].second.has_value());
  CHECK_FALSE(books.has_changes());
}

TEST_CASE("ledger: bounds are refused with a sentence") {
  ledger books;
  books.begin();
  CHECK_THROWS_AS(books.put("", "x"), refusal);
  CHECK_THROWS_AS(books.put(std::string(401, 'k'), "x"), refusal);
  std::string large(troupe::limits::custom_state_bytes_max, 'x');
  CHECK_THROWS_AS(books.put("k", large), refusal);
  large.pop_back();
  books.put("k", large);
  books.put("k", large); // in its place
  CHECK_THROWS_AS(books.put("l", ""), refusal);
  outgoing message;
  message.topic = "no topic";
  CHECK_THROWS_AS(books.send(message), refusal);
  message.topic = "SCHEDULE_TOPIC_XXXX";
  CHECK_THROWS_AS(books.send(message), refusal);
  message.topic = "T";
  message.body.resize(troupe::limits::body_bytes_max + 1);
  CHECK_THROWS_AS(books.send(message), refusal);
}

TEST_CASE("topic_pattern: a star covers any characters") {
  struct row {
    const char* pattern;
    const char* name;
    bool matches;
  };

  auto x = GENERATE(
    row{"orders", "orders", true}, row{"orders", "orders2", false},
    row{"*", "", true}, row{"*", "anything", true},
    row{"orders-*", "orders-eu", true}, row{"orders-*", "order", false},
    row{"*-eu", "orders-eu", true}, row{"a*b*c", "aXbYbZc", true},
    row{"a*b*c", "aXcYb", false}, row{"**", "x", true}, row{"a*", "ba", false});
  CAPTURE(x.pattern, x.name);
  CHECK(matches_pattern(x.pattern, x.name) == x.matches);
}
