/// Rows that are derived from the log: what records mean, and that reading the
/// log again from anywhere leads to the same rows.
#include "storage/derived_state.hpp"
#include "storage/log_events.hpp"
#include "storage/state_rows.hpp"

#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"

#include "support/catch.hpp"
#include "support/drafts.hpp"
#include "support/scratch.hpp"

#include <algorithm>
#include <deque>
#include <random>

using namespace troupe;
using namespace troupe::storage;

namespace {

record_view record_of(std::string_view topic, std::int64_t offset,
                      std::int64_t position) {
  record_view record;
  record.topic = topic;
  record.offset = {offset};
  record.position = {position};
  record.size = 10;
  record.store_time = {1000 + position};
  return record;
}

std::string property(std::string_view name, std::string_view value) {
  std::string text;
  properties::append(text, name, value);
  return text;
}

std::vector<log_event> events_of(const record_view& record) {
  std::vector<log_event> events;
  add_log_events(source_of(record), events);
  return events;
}

std::vector<deadline> rows_of(lmdb& env, deadline_kind kind) {
  std::vector<deadline> rows;
  env.for_each(table::deadlines, [&](auto key, auto value) {
    if (auto row = decode_deadline(kind, key, value))
      rows.push_back(*row);
  });
  return rows;
}

} // namespace

TEST_CASE("records mean what RocketMQ means by them") {
  using kind = log_event::kind;
  CHECK(events_of(record_of("T", 0, 0)).empty());

  auto half = record_of(names::half_topic, 7, 100);
  auto immunity = property(properties::check_immunity, "60");
  half.properties = immunity;
  auto opened = events_of(half);
  REQUIRE(opened.size() == 1);
  CHECK(opened.front()
        == log_event{kind::half_opened, 7, {100}, {1100}, 60'000});
  for (auto* text : {"-1", "0", "x", ""}) {
    CAPTURE(text);
    auto none = property(properties::check_immunity, text);
    half.properties = none;
    CHECK(events_of(half).front().delay_ms == 0);
  }

  auto marks = record_of(names::half_op_topic, 0, 200);
  marks.body = "7,12,x,9,";
  auto closed = events_of(marks);
  REQUIRE(closed.size() == 3);
  CHECK(closed[1] == log_event{kind::half_closed, 12, {200}, {1200}, 0});
  CHECK(closed[2].id == 9);

  auto committed = record_of("T", 3, 300);
  auto names_half = property(properties::prepared_queue_offset, "7");
  committed.properties = names_half;
  CHECK(events_of(committed).empty()); // anybody may send such a property
  committed.sys_flag = sys_flag_commit;
  REQUIRE(events_of(committed).size() == 1);
  CHECK(events_of(committed).front().what == kind::half_closed);
  CHECK(events_of(committed).front().id == 7);

  auto discarded = record_of(names::check_max_topic, 0, 400);
  discarded.properties = names_half;
  REQUIRE(events_of(discarded).size() == 1);
  CHECK(events_of(discarded).front().what == kind::half_discarded);

  auto resumed = record_of(names::half_topic, 8, 500);
  auto from = property(properties::resumed_from, "400");
  resumed.properties = from;
  auto both = events_of(resumed);
  REQUIRE(both.size() == 2);
  CHECK(both[1].what == kind::half_resumed);
  CHECK(both[1].id == 400);
}

TEST_CASE("discarded transactions are kept until they are resumed") {
  test::scratch home;
  auto env = lmdb::open(home / "state");
  REQUIRE(env);
  derived_state state{**env, {}};
  REQUIRE(state.applied());
  state.take(record_of(names::half_topic, 0, 0));
  auto text = property(properties::prepared_queue_offset, "0");
  auto copy = record_of(names::check_max_topic, 0, 10);
  copy.properties = text;
  state.take(copy);
  REQUIRE_FALSE(state.finish({20}, {}));
  CHECK(rows_of(**env, deadline_kind::half).empty());
  REQUIRE(rows_of(**env, deadline_kind::discarded).size() == 1);
  CHECK(rows_of(**env, deadline_kind::discarded).front().position.value == 10);
  auto again = record_of(names::half_topic, 1, 20);
  auto from = property(properties::resumed_from, "10");
  again.properties = from;
  state.take(again);
  REQUIRE_FALSE(state.finish({30}, {}));
  CHECK(rows_of(**env, deadline_kind::discarded).empty());
  CHECK(rows_of(**env, deadline_kind::half).size() == 1);
}

TEST_CASE("the log read again from anywhere gives the rows of one reading") {
  auto seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u);
  CAPTURE(seed);
  std::mt19937 chance{seed};

  struct entry {
    record_view record;
    std::string body;
    std::string text;
  };

  std::deque<entry> log;
  std::vector<std::int64_t> open;
  std::int64_t halves = 0;
  for (std::int64_t position = 0; position < 3000; position += 10) {
    auto& next = log.emplace_back();
    auto action = chance() % 4;
    if (action < 2 || open.empty()) {
      next.record = record_of(names::half_topic, halves, position);
      open.push_back(halves++);
      continue;
    }
    auto which = chance() % open.size();
    auto half = std::to_string(open[which]);
    open.erase(open.begin() + static_cast<long>(which));
    if (action == 2) {
      next.record = record_of(names::half_op_topic, 0, position);
      next.body = half + ",";
      next.record.body = next.body;
    } else {
      next.record = record_of("T", 0, position);
      next.record.sys_flag = sys_flag_commit;
      next.text = property(properties::prepared_queue_offset, half);
      next.record.properties = next.text;
    }
  }
  test::scratch home;
  auto env = lmdb::open(home / "state");
  REQUIRE(env);
  std::size_t at = 0;
  while (at < log.size()) {
    // A start reads from somewhere before where the last one got to.
    derived_state state{**env, {}, {}, 1 + chance() % 20};
    auto applied = state.applied();
    REQUIRE(applied);
    auto from = at - std::min<std::size_t>(at, chance() % 50);
    CHECK(applied->value >= static_cast<std::int64_t>(from) * 10);
    at = std::min(log.size(), at + chance() % 60);
    for (auto i = from; i < at; ++i)
      state.take(log[i].record);
    if (chance() % 3 != 0)
      REQUIRE_FALSE(state.finish({static_cast<std::int64_t>(at) * 10}, {}));
    else
      at = static_cast<std::size_t>(state.latest_applied().value) / 10;
  }
  std::vector<std::int64_t> found;
  for (const auto& row : rows_of(**env, deadline_kind::half))
    found.push_back(row.key.id);
  std::ranges::sort(found);
  std::ranges::sort(open);
  CHECK(found == open);
  for (auto id : open) {
    auto due = (*env)->find(table::deadline_ids,
                            encode_deadline_id(deadline_kind::half, id));
    REQUIRE(due);
    CHECK(*due);
  }
}

TEST_CASE("a timer is set, delivered or recalled") {
  using kind = log_event::kind;
  auto due = property(properties::timer_out_ms, "5000")
             + property(properties::timed_here, "1");
  auto timed = record_of(names::timer_topic, 0, 0);
  timed.properties = due;
  REQUIRE(events_of(timed).size() == 1);
  CHECK(events_of(timed).front()
        == log_event{kind::timer_set, 0, {0}, {5000}, 0});

  auto delivered = record_of("T", 0, 10);
  delivered.properties = due;
  CHECK(events_of(delivered).empty()); // a client may send such a property
  delivered.prepared_offset = {1};     // the record at 0
  REQUIRE(events_of(delivered).size() == 1);
  CHECK(events_of(delivered).front()
        == log_event{kind::timer_ended, 0, {10}, {5000}, 0});

  auto recall = record_of(names::timer_topic, 1, 20);
  auto both = due + property(properties::timer_delete_key, "T+k");
  recall.properties = both;
  CHECK(events_of(recall).empty()); // one of RocketMQ's names no record
  recall.prepared_offset = {1};
  REQUIRE(events_of(recall).size() == 1);
  CHECK(events_of(recall).front()
        == log_event{kind::timer_ended, 0, {20}, {5000}, 0});

  test::scratch home;
  auto env = lmdb::open(home / "state");
  REQUIRE(env);
  derived_state state{**env, {}};
  REQUIRE(state.applied());
  state.take(timed);
  REQUIRE_FALSE(state.finish({5}, {}));
  CHECK(rows_of(**env, deadline_kind::timer).size() == 1);
  state.take(delivered);
  REQUIRE_FALSE(state.finish({15}, {}));
  CHECK(rows_of(**env, deadline_kind::timer).empty());
}

namespace {

/// A log of a RocketMQ's, with what it says of timers.
class foreign_log {
public:
  /// A timed message; `more` are other properties. @returns its position
  std::int64_t timed(const std::string& key, std::int64_t due,
                     const std::string& more = {}) {
    return add(names::timer_topic,
               property(properties::real_topic, "T")
                 + property(properties::unique_key, key)
                 + property(properties::timer_out_ms, std::to_string(due))
                 + more,
               1000);
  }

  void delivered(const std::string& key, std::int64_t due,
                 std::int64_t stored) {
    add("T",
        property(properties::real_topic, "T")
          + property(properties::unique_key, key)
          + property(properties::timer_out_ms, std::to_string(due)),
        stored);
  }

  /// @param name  of the message; a RocketMQ may put the topic before its key
  void recalled(const std::string& name, std::int64_t due) {
    add(names::timer_topic,
        property(properties::real_topic, "T")
          + property(properties::timer_delete_key, name)
          + property(properties::timer_out_ms, std::to_string(due)),
        1000);
  }

  /// Any record that shows how late it is.
  void clock(std::int64_t stored) { add("T", {}, stored); }

  /// Due times of what is still to come.
  std::vector<std::int64_t> pending(std::int64_t read_to) {
    test::scratch home;
    auto env = lmdb::open(home / "state");
    REQUIRE(env);
    // Also when rows are written before all are known.
    auto rows_max = GENERATE(std::size_t{2}, std::size_t{1000});
    derived_state state{**env, {}, foreign_timers{{read_to}}, rows_max};
    REQUIRE(state.applied());
    for (const auto& x : records_)
      state.take(x);
    REQUIRE_FALSE(state.finish(
      {static_cast<std::int64_t>(records_.size()) * 10},
      [&](log_offset at, const std::function<void(const record_view&)>& then) {
        then(records_[static_cast<std::size_t>(at.value / 10)]);
      }));
    // A later start drops nothing more, however late it is.
    derived_state later{**env, {}};
    REQUIRE(later.applied());
    auto late = record_of("T", 0, 100'000);
    late.store_time = {90'000'000};
    later.take(late);
    REQUIRE_FALSE(later.finish({100'010}, {}));
    std::vector<std::int64_t> due;
    for (const auto& row : rows_of(**env, deadline_kind::timer))
      due.push_back(row.key.due.value);
    return due;
  }

private:
  std::int64_t add(std::string_view topic, std::string text,
                   std::int64_t stored) {
    auto position = static_cast<std::int64_t>(records_.size()) * 10;
    auto record = record_of(topic, 0, position);
    record.properties = texts_.emplace_back(std::move(text));
    record.store_time = {stored};
    records_.push_back(record);
    return position;
  }

  std::deque<std::string> texts_;
  std::vector<record_view> records_;
};

} // namespace

TEST_CASE("of a RocketMQ's timers those it has not delivered are taken over") {
  foreign_log log;
  log.timed("read", 500'000);
  log.timed("late", 700'000);    // its time had come, it had not
  log.timed("arrived", 701'000); // it had
  log.timed("recalled", 900'000);
  log.timed("named", 900'500);
  log.timed("later", 901'000);
  log.timed("off", 902'000); // put off: it stands there twice
  log.timed("off", 902'000, property(properties::timer_roll_times, "1"));
  log.delivered("arrived", 701'000, 701'500);
  log.recalled("recalled", 900'000);
  log.recalled("T+named", 900'500);
  log.recalled("later", 900'000); // of another moment: not this one
  log.clock(702'000);
  CHECK(log.pending(600'000)
        == std::vector<std::int64_t>{700'000, 901'000, 902'000});
}

TEST_CASE("a store that does not say how far its timers were read") {
  foreign_log log;
  log.timed("old", 600'000);
  log.timed("late", 700'000);
  log.timed("arrived", 701'000);
  log.timed("later", 901'000);
  log.delivered("arrived", 701'000, 701'500);
  log.clock(702'000);
  CHECK(log.pending(0) == std::vector<std::int64_t>{700'000, 901'000});
}

namespace {

/// Record of a delayed message that has arrived.
record_view arrived(std::int32_t level, std::int64_t offset,
                    std::int64_t position) {
  auto record = record_of("T", 0, position);
  record.prepared_offset = mark_of({level, {offset}});
  return record;
}

delivered_offsets progress_of(lmdb& env, const std::string& level) {
  auto row = env.find(table::delays, level);
  REQUIRE(row);
  REQUIRE(*row);
  auto known = decode_delivered(**row);
  REQUIRE(known);
  return *known;
}

void put_progress(lmdb& env, const std::string& level, std::int64_t next) {
  REQUIRE_FALSE(env.write({{table::delays, level, encode_number(next)}}));
}

} // namespace

TEST_CASE("a delayed message that has arrived says which one it was") {
  using kind = log_event::kind;
  auto record = arrived(3, 12, 70);
  auto mark = record.prepared_offset.value;
  CHECK(events_of(record)
        == std::vector{log_event{kind::delay_ended, mark, {70}, {1070}, 0}});
  // Of a transaction: what it ends besides.
  record.sys_flag = sys_flag_commit;
  auto half = property(properties::prepared_queue_offset, "7");
  record.properties = half;
  CHECK(events_of(record).size() == 2);
}

TEST_CASE("what the log says was delivered counts behind the stored progress") {
  test::scratch home;
  auto env = lmdb::open(home / "state");
  REQUIRE(env);
  {
    derived_state first{**env, {}};
    REQUIRE(first.applied());
    REQUIRE_FALSE(first.finish({10}, {})); // watermarks
  }
  put_progress(**env, "2", 5);
  derived_state state{**env, {}};
  auto applied = state.applied();
  REQUIRE(applied);
  CHECK(applied->value == 10);
  state.take(arrived(2, 9, 0)); // before the watermark: it is in the row
  state.take(arrived(2, 5, 20));
  state.take(arrived(2, 7, 30));
  state.take(arrived(1, 0, 40));
  state.take(arrived(2, 3, 50)); // a copy of what is known
  REQUIRE_FALSE(state.finish({60}, {}));
  delivered_offsets second{{6}};
  second.add({7});
  CHECK(progress_of(**env, "2") == second);
  CHECK(progress_of(**env, "1") == delivered_offsets{{1}});
  // Read again from anywhere.
  derived_state again{**env, {}};
  REQUIRE(again.applied());
  again.take(arrived(2, 7, 30));
  REQUIRE_FALSE(again.finish({60}, {}));
  CHECK(progress_of(**env, "2") == second);
  // The log is shorter: only what it still says counts behind the progress.
  derived_state cut{**env, {}};
  REQUIRE_FALSE(cut.clear());
  auto anew = cut.applied();
  REQUIRE(anew);
  CHECK(anew->value == 0);
  REQUIRE_FALSE(cut.finish({20}, {}));
  CHECK(progress_of(**env, "2") == delivered_offsets{{6}});
}

TEST_CASE("marks in a store that a RocketMQ has had do not count") {
  test::scratch home;
  auto env = lmdb::open(home / "state");
  REQUIRE(env);
  put_progress(**env, "2", 5); // as it is taken over, without a watermark
  derived_state state{**env, {}};
  REQUIRE(state.applied());
  state.take(arrived(2, 6, 20));
  REQUIRE_FALSE(state.finish({30}, {}));
  CHECK(progress_of(**env, "2") == delivered_offsets{{5}});
  // From here on they do.
  derived_state later{**env, {}};
  REQUIRE(later.applied());
  later.take(arrived(2, 5, 40));
  REQUIRE_FALSE(later.finish({50}, {}));
  CHECK(progress_of(**env, "2") == delivered_offsets{{6}});
}
