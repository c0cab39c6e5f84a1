/// Messages on their way out of a pop and back.
#include "pop/popped_message.hpp"

#include "troupe/model/properties.hpp"

#include "support/catch.hpp"

using namespace troupe;

namespace {

const std::string text = "TAGS\x01x\x02UNIQ_KEY\x01id\x02";

storage::record_view record_of(std::string_view properties) {
  storage::record_view record;
  record.queue = {2};
  record.offset = {17};
  record.reconsume_times = 3;
  record.body = "body";
  record.topic = "%RETRY%G_T";
  record.properties = properties;
  return record;
}

const lease_key lease{{"G", {"T", {2}}}, {15}, {1700000000000}};

} // namespace

TEST_CASE("a revived message counts a try and names its lease") {
  auto row = revived(record_of(text), lease);
  CHECK(row.reconsume_times == 4);
  CHECK(row.body.view() == "body");
  auto properties = row.properties.view();
  CHECK(properties::find(properties, properties::first_pop_time)
        == "1700000000000");
  CHECK(properties.substr(row.unique_key.offset, row.unique_key.size) == "id");
  auto copy = copied_from(record_of(properties), "G");
  REQUIRE(copy);
  CHECK(copy->lease == lease);
  CHECK(copy->offset == queue_offset{17});
  // Revived once more: the newest lease, the oldest pop.
  auto later = lease;
  later.pop_time = {1800000000000};
  auto twice = revived(record_of(properties), later);
  copy = copied_from(record_of(twice.properties.view()), "G");
  REQUIRE(copy);
  CHECK(copy->lease == later);
  CHECK(properties::find(twice.properties.view(), properties::first_pop_time)
        == "1700000000000");
}

TEST_CASE("what pop did not copy names no lease") {
  auto value = GENERATE("", "T", "T 1", "T 1 2 3", "T 1 2 3 4 5", "T a 2 3 4",
                        " 1 2 3 4 x");
  CAPTURE(value);
  std::string properties{text};
  properties::append(properties, lease_property, value);
  CHECK_FALSE(copied_from(record_of(properties), "G"));
}

TEST_CASE("a dead letter says where it comes from") {
  auto row = dead_letter(record_of(text), lease, "T");
  auto properties = row.properties.view();
  CHECK(properties::find(properties, properties::dlq_origin_topic) == "T");
  CHECK(properties::find(properties, properties::dlq_origin_id) == "id");
  CHECK(properties::find(properties, properties::retry_topic) == "T");
  CHECK(copied_from(record_of(properties), "G"));
}

TEST_CASE("a consumer gets a retried message under its own topic") {
  pop_receipt receipt{{15}, {1800000000000}, 60000, 3, 1, "b", {0}, {17}};
  auto stored = revived(record_of(text), lease);
  std::string records = "before";
  append_as_normal(records, record_of(stored.properties.view()), "T", receipt);
  auto again = storage::decode_record(std::string_view{records}.substr(6),
                                      storage::record_check::crc);
  REQUIRE(again);
  CHECK(again->topic == "T");
  CHECK(again->offset == queue_offset{17});
  CHECK(again->reconsume_times == 3);
  CHECK(properties::find(again->properties, properties::pop_receipt)
        == "15 1800000000000 60000 3 1 b 0 17");
  CHECK(properties::find(again->properties, lease_property).empty());
  CHECK(properties::find(again->properties, properties::tags) == "x");
}
