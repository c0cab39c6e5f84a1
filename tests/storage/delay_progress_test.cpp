/// What of a delay level is delivered, against a plain set; and the marks by
/// which the log says so.
#include "troupe/model/delay_progress.hpp"

#include "storage/state_rows.hpp"

#include "support/catch.hpp"

#include <random>
#include <set>

using namespace troupe;
using namespace troupe::storage;

TEST_CASE("delivered offsets agree with a set, whatever order they come in") {
  auto seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u);
  CAPTURE(seed);
  std::mt19937 chance{seed};
  constexpr std::int64_t count = 200;
  delivered_offsets known{{10}};
  std::set<std::int64_t> model;
  for (std::int64_t i = 0; i < 10; ++i)
    model.insert(i);
  for (int step = 0; step < 150; ++step) {
    auto at = static_cast<std::int64_t>(chance() % count);
    if (chance() % 20 == 0) {
      at /= 10;
      known.advance({at});
      for (std::int64_t i = 0; i < at; ++i)
        model.insert(i);
    } else if (chance() % 4 == 0) {
      auto end = at + static_cast<std::int64_t>(chance() % 5);
      known.add({at}, {end});
      for (auto i = at; i < end; ++i)
        model.insert(i);
    } else {
      known.add({at});
      model.insert(at);
    }
    for (std::int64_t i = 0; i < count + 5; ++i)
      REQUIRE(known.contains({i}) == model.contains(i));
    REQUIRE_FALSE(model.contains(known.next().value));
    auto last = known.next();
    for (const auto& [first, end] : known.beyond()) {
      REQUIRE(last < first); // apart from each other, none empty
      REQUIRE(first < end);
      last = end;
    }
    auto again = decode_delivered(encode_delivered(known));
    REQUIRE(again);
    REQUIRE(*again == known);
  }
}

TEST_CASE("a row of progress is a number, or more, or none") {
  auto plain = decode_delivered(encode_number(7));
  REQUIRE(plain);
  CHECK(*plain == delivered_offsets{{7}});
  delivered_offsets some{{7}};
  some.add({9});
  auto row = encode_delivered(some);
  for (std::size_t size = 9; size < row.size(); ++size)
    CHECK_FALSE(decode_delivered(row.substr(0, size)));
  CHECK_FALSE(decode_delivered("short"));
}

TEST_CASE("a mark names a message of the schedule topic, and nothing else") {
  auto source = GENERATE(delayed_source{1, {0}}, delayed_source{18, {0}},
                         delayed_source{1, {1}}, delayed_source{1024, {12345}},
                         delayed_source{3, {9'000'000'000}});
  auto mark = mark_of(source);
  CHECK(mark.value < 0);
  auto again = delayed_source_of(mark);
  REQUIRE(again);
  CHECK(*again == source);
  CHECK_FALSE(delayed_source_of({0}));
  CHECK_FALSE(delayed_source_of({77}));
  CHECK(mark_of({1025, {0}}).value == 0);
  CHECK(mark_of({0, {0}}).value == 0);
}
