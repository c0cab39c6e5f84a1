#include "custom_runner/outbox.hpp"

#include "troupe/errc.hpp"
#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "support/catch.hpp"

using namespace troupe;

namespace {

custom::outgoing message(std::string topic, std::string body) {
  custom::outgoing x;
  x.topic = std::move(topic);
  x.body = std::move(body);
  return x;
}

append_done ended(const outbox::parcel& parcel, errc how) {
  append_done done;
  for (const auto& row : parcel.batch.rows) {
    append_outcome outcome;
    outcome.from = row.from;
    outcome.error = how;
    done.rows.push_back(outcome);
  }
  return done;
}

/// A topic with queues that nobody answers for.
topic_view topic_of(std::size_t queues) {
  topic_view view;
  view.config = std::make_shared<topic_config>();
  view.queues.resize(queues);
  return view;
}

} // namespace

TEST_CASE("outbox: a message waits for its topic, then for its answer") {
  outbox box;
  box.fill({message("A", "1"), message("B", "2"), message("A", "3")}, {1000});
  CHECK(box.missing_topics() == std::vector<std::string>{"A", "B"});
  CHECK(box.take_ready().empty());
  box.learn("A", topic_of(1));
  auto parcels = box.take_ready();
  REQUIRE(parcels.size() == 1);
  REQUIRE(parcels[0].batch.rows.size() == 2);
  CHECK(parcels[0].batch.rows[1].body.view() == "3");
  CHECK(box.take_ready().empty()); // under way
  CHECK(box.settle(ended(parcels[0], errc::none)) == errc::none);
  CHECK_FALSE(box.is_empty());
  box.learn("B", topic_of(1));
  auto rest = box.take_ready();
  REQUIRE(rest.size() == 1);
  CHECK(box.settle(ended(rest[0], errc::none)) == errc::none);
  CHECK(box.is_empty());
}

TEST_CASE("outbox: what failed is sent again, what was stored is not") {
  outbox box;
  box.learn("A", topic_of(1));
  box.fill({message("A", "1"), message("A", "2")}, {1000});
  auto first = box.take_ready();
  auto answer = ended(first[0], errc::none);
  answer.rows[1].error = errc::disk_full;
  CHECK(box.settle(answer) == errc::disk_full);
  auto again = box.take_ready();
  REQUIRE(again.size() == 1);
  REQUIRE(again[0].batch.rows.size() == 1);
  CHECK(again[0].batch.rows[0].body.view() == "2");
  CHECK(box.settle(answer) == errc::disk_full); // an answer that came twice
  box.recall();
  auto third = box.take_ready();
  REQUIRE(third.size() == 1);
  CHECK(box.settle(ended(third[0], errc::none)) == errc::none);
  CHECK(box.is_empty());
}

TEST_CASE("outbox: an answer to an earlier round is not this one's") {
  outbox box;
  box.learn("A", topic_of(1));
  box.fill({message("A", "1")}, {1000});
  auto old = ended(box.take_ready()[0], errc::none);
  CHECK(box.settle(old) == errc::none);
  box.fill({message("A", "2")}, {1000});
  box.take_ready();
  CHECK(box.settle(old) == errc::none);
  CHECK_FALSE(box.is_empty());
}

TEST_CASE("outbox: rows say what a producer's would") {
  outbox box;
  box.learn("A", topic_of(4));
  auto x = message("A", "body");
  x.tags = "TagA";
  x.keys = "k1 k2";
  x.queue = 2;
  x.properties = {{"colour", "red"}};
  box.fill({x}, {1234});
  auto parcels = box.take_ready();
  const auto& row = parcels.at(0).batch.rows.at(0);
  auto text = row.properties.view();
  CHECK(properties::find(text, "colour") == "red");
  CHECK(text.substr(row.keys.offset, row.keys.size) == "k1 k2");
  CHECK(text.substr(row.unique_key.offset, row.unique_key.size).size() == 32);
  CHECK(row.tags_code == 2598919);
  CHECK(row.answer_queue.value == 2);
  CHECK(row.born_time.value == 1234);
}

TEST_CASE("outbox: a delayed message goes by way of the schedule topic") {
  outbox box;
  auto x = message("A", "later");
  x.delay_level = 3;
  box.fill({x}, {1000});
  CHECK(box.missing_topics()
        == std::vector<std::string>{std::string{names::schedule_topic}});
  box.learn(std::string{names::schedule_topic}, topic_of(18));
  auto parcels = box.take_ready();
  const auto& row = parcels.at(0).batch.rows.at(0);
  auto text = row.properties.view();
  CHECK(row.answer_queue.value == 2);
  CHECK(row.due_after_ms == 10'000);
  CHECK(properties::find(text, properties::real_topic) == "A");
  CHECK(properties::find(text, properties::delay) == "3");
}
