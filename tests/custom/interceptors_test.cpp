/// Sends that wait to be judged: gathered, taken, freed. Plain calls.
#include "gateway/intercepting.hpp"

#include "support/catch.hpp"

using namespace troupe;

namespace {

constexpr std::int64_t deadline_ms = 2000;

interceptor_link link_of(std::string name, std::string topic,
                         on_failure policy = on_failure::reject) {
  interceptor_link link;
  link.name = std::move(name);
  link.topics = {std::move(topic)};
  link.deadline_ms = deadline_ms;
  link.policy = policy;
  return link;
}

known_topic topic_of(const std::string& name) {
  topic_config config;
  config.name = name;
  known_topic topic;
  topic.view.config = std::make_shared<const topic_config>(config);
  topic.round.resize(2);
  return topic;
}

void hold(interceptors& all, std::size_t place, known_topic& topic,
          queue_id queue, const std::string& body) {
  all.hold(place, topic, queue, {}, body.size()).body = payload::copy_of(body);
}

std::string bodies_of(const std::vector<append_row>& rows) {
  std::string all;
  for (const auto& x : rows)
    all += x.body.str();
  return all;
}

void hold_special(interceptors& all, known_topic& topic, std::int32_t queue,
                  const std::string& body) {
  send_request request;
  request.queue = queue;
  request.body = payload::copy_of(body);
  all.hold(0, topic, std::move(request));
}

/// Bodies in the order in which they go on, each row and send by itself.
template <class All>
std::string in_order(All& all) {
  std::string bodies;
  auto add = [&](const std::string& x) {
    bodies += (bodies.empty() ? "" : "|") + x;
  };
  visit_in_order(
    all, [&](const auto& x) { add(x.request.body.str()); },
    [&](const auto& x) {
      if constexpr (requires { x.held; })
        add(bodies_of(x.held.rows));
      else
        add(bodies_of(x.rows));
    });
  return bodies;
}

/// Bodies of the runs of a batch, queues separated by a bar.
std::string bodies_of(const intercept_batch& batch) {
  std::string all;
  for (const auto& run : batch.runs) {
    all += all.empty() ? "" : "|";
    for (const auto& x : run.rows)
      all += x.body.str();
  }
  return all;
}

} // namespace

TEST_CASE("interceptors: rows gather by queue while a batch is judged") {
  interceptors all;
  all.set({link_of("a", "in")});
  auto in = topic_of("in");
  hold(all, 0, in, {0}, "a");
  hold(all, 0, in, {1}, "b");
  hold(all, 0, in, {0}, "c");
  CHECK(all.held() == 3);
  auto first = all.take_batches({}, {1000});
  REQUIRE(first.size() == 1);
  CHECK(bodies_of(first[0].second) == "ac|b");
  hold(all, 0, in, {0}, "d");
  hold(all, 0, in, {0}, "e");
  CHECK(all.take_batches({}, {1001}).empty()); // one batch at a time
  auto number = first[0].second.number;
  first.clear();
  auto ended = all.take_back(number);
  REQUIRE(ended.held.rows.size() == 2);
  CHECK(bodies_of(ended.held.rows[0].rows) == "ac");
  CHECK(ended.held.rows[0].answers == 2);
  CHECK(ended.judged_by == 1);
  CHECK(all.take_back(number).held.empty());
  auto second = all.take_batches({}, {1002});
  REQUIRE(second.size() == 1);
  CHECK(bodies_of(second[0].second) == "de");
  CHECK(all.held() == 2);
}

TEST_CASE("interceptors: a topic that was looked up anew gathers anew") {
  interceptors all;
  all.set({link_of("a", "in")});
  auto in = topic_of("in");
  hold(all, 0, in, {0}, "a");
  in = topic_of("in"); // its settings have changed
  hold(all, 0, in, {0}, "b");
  auto batches = all.take_batches({}, {1000});
  REQUIRE(batches.size() == 1);
  CHECK(bodies_of(batches[0].second) == "a|b");
}

TEST_CASE("interceptors: what waits too long is freed, and only that") {
  interceptors all;
  all.set({link_of("a", "in")});
  auto in = topic_of("in");
  hold(all, 0, in, {0}, "a");
  auto batches = all.take_batches({}, {1000});
  REQUIRE(batches.size() == 1);
  hold(all, 0, in, {0}, "b");
  CHECK(all.take_batches({}, {1100}).empty());
  hold(all, 0, in, {0}, "c"); // soon enough to be with b
  CHECK(all.take_batches({}, {1301}).empty());
  hold(all, 0, in, {0}, "d"); // too late to be
  CHECK(all.take_batches({}, {1400}).empty());
  hold(all, 0, in, {0}, "e"); // soon enough to be with d
  CHECK(all.expire({2999}).rows.empty());
  auto freed = all.expire({3000}); // of a
  REQUIRE(freed.rows.size() == 1);
  CHECK(bodies_of(freed.rows[0].held.rows) == "a");
  CHECK(freed.rows[0].judged_by == 1);
  CHECK(freed.rows[0].refused);
  freed = all.expire({3100}); // of b and c
  REQUIRE(freed.rows.size() == 1);
  CHECK(bodies_of(freed.rows[0].held.rows) == "bc");
  CHECK(all.held() == 2);
  // The answer comes all the same: a has gone on.
  auto ended = all.take_back(batches[0].second.number);
  REQUIRE(ended.held.rows.size() == 1);
  CHECK(ended.held.rows[0].freed);
  hold(all, 0, in, {0}, "f");
  batches = all.take_batches({}, {3200});
  REQUIRE(batches.size() == 1);
  CHECK(bodies_of(batches[0].second) == "de|f");
  CHECK(all.held() == 3);
}

TEST_CASE("interceptors: what is no row keeps its place in its queue") {
  interceptors all;
  all.set({link_of("a", "in")});
  auto in = topic_of("in");
  hold(all, 0, in, {0}, "a");
  hold(all, 0, in, {1}, "b");
  hold_special(all, in, 0, "C");
  hold(all, 0, in, {0}, "d");
  hold(all, 0, in, {1}, "e"); // its queue has seen no other
  hold_special(all, in, -1, "F");
  hold_special(all, in, 1, "G");
  hold(all, 0, in, {0}, "h");
  hold(all, 0, in, {1}, "i");
  SECTION("when it has passed") {
    auto batches = all.take_batches({}, {1000});
    REQUIRE(batches.size() == 1);
    CHECK(batches[0].second.rows.at(0).runs_before == 2);
    CHECK(batches[0].second.rows.at(1).runs_before == 3);
    auto number = batches[0].second.number;
    batches.clear();
    auto ended = all.take_back(number);
    CHECK(in_order(ended.held) == "a|be|C|d|F|G|h|i");
  }
  SECTION("when it has waited too long before it was asked about") {
    auto earlier = all.take_batches({}, {1000}); // is not answered
    REQUIRE(earlier.size() == 1);
    hold(all, 0, in, {0}, "k");
    hold_special(all, in, 0, "L");
    all.take_batches({}, {1001});
    hold_special(all, in, 0, "M");
    hold(all, 0, in, {0}, "n");
    all.take_batches({}, {1002});
    auto freed = all.expire({3000});
    CHECK(in_order(freed) == "a|be|C|d|F|G|h|i");
    freed = all.expire({3001});
    CHECK(in_order(freed) == "k|L");
    auto number = earlier[0].second.number;
    earlier.clear();
    static_cast<void>(all.take_back(number));
    auto last = all.take_batches({}, {3002});
    REQUIRE(last.size() == 1);
    CHECK(last[0].second.rows.at(0).runs_before == 0);
    CHECK(bodies_of(last[0].second) == "n");
  }
  SECTION("when its interceptor has ended") {
    auto freed = all.set({});
    CHECK(in_order(freed) == "a|be|C|d|F|G|h|i");
  }
}

TEST_CASE("interceptors: there is room for so many and so much") {
  interceptors all;
  all.set({link_of("a", "in"), link_of("b", "in", on_failure::accept)});
  auto in = topic_of("in");
  for (std::size_t i = 0; i < limits::intercepts_max; ++i) {
    REQUIRE(all.has_room(0, 1));
    hold(all, 0, in, {0}, "x");
  }
  CHECK_FALSE(all.has_room(0, 0));
  CHECK(all.has_room(1, limits::intercept_bytes_max));
  CHECK_FALSE(all.has_room(1, limits::intercept_bytes_max + 1));
  CHECK(all.why_full(0));
  CHECK_FALSE(all.why_full(1));
  auto batches = all.take_batches({}, {1000});
  REQUIRE(batches.size() == 1);
  CHECK_FALSE(all.has_room(0, 0));
  all.take_back(batches[0].second.number);
  CHECK(all.has_room(0, limits::intercept_bytes_max));
}

TEST_CASE("interceptors: one that ends frees what it held, for those behind") {
  interceptors all;
  auto before = all.generation();
  auto link = link_of("b", "in", on_failure::accept);
  all.set({link_of("a", "in"), link, link_of("c", "in")});
  CHECK(all.generation() != before);
  CHECK(all.next_for("in", 0) == 0u);
  CHECK(all.next_for("in", 2) == 2u);
  CHECK_FALSE(all.next_for("in", 3));
  CHECK_FALSE(all.next_for("out", 0));
  auto in = topic_of("in");
  hold(all, 1, in, {0}, "x");
  send_request request;
  request.body = payload::copy_of("y");
  all.hold(1, in, std::move(request));
  auto batches = all.take_batches({}, {1000});
  REQUIRE(batches.size() == 1);
  CHECK(batches[0].second.rows.size() == 1);
  hold(all, 1, in, {0}, "z");
  auto freed = all.set({link_of("d", "other")});
  REQUIRE(freed.sends.size() == 1);
  CHECK(freed.sends[0].request.judged_by == 0);
  CHECK_FALSE(freed.sends[0].refused);
  REQUIRE(freed.rows.size() == 2);
  CHECK(bodies_of(freed.rows[0].held.rows) == "x");
  CHECK(bodies_of(freed.rows[1].held.rows) == "z");
  CHECK(all.held() == 0);
  CHECK(all.take_back(batches[0].second.number).held.empty());
}
