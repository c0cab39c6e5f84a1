#include "storage/record.hpp"

#include "storage/crc32.hpp"

#include "troupe/model/properties.hpp"

#include "support/catch.hpp"
#include "support/drafts.hpp"

#include <random>

using namespace troupe;
using namespace troupe::storage;

namespace {

std::string encoded(const record_draft& draft, log_offset position) {
  std::string bytes(record_size(draft), '\xee');
  encode_record(draft, position, bytes.size(), bytes.data());
  return bytes;
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes +=
      static_cast<char>(std::stoi(std::string{hex.substr(i, 2)}, {}, 16));
  return bytes;
}

} // namespace

// Sheet storage, 31.1, and 3.3 for the checksum behind it.
TEST_CASE("the smallest record has RocketMQ's bytes") {
  auto draft = test::draft_of("T", "A", {3}, {7});
  draft.born_time = {0x0102030405060708};
  draft.store_time = {0x1112131415161718};
  auto bytes = encoded(draft, {1000});
  auto covered = from_hex("00000071DAA320A753D99E8B0000000300000000"
                          "000000000000000700000000000003E800000000"
                          "01020304050607080A00000100002A9F"
                          "11121314151617180A00000100002A9F"
                          "000000000000000000000000"
                          "00000001"
                          "41"
                          "0154"
                          "0014");
  CHECK(bytes.substr(0, covered.size()) == covered);
  char digits[11];
  std::snprintf(digits, sizeof digits, "%010u", crc32(covered));
  std::string reversed{std::rbegin(digits) + 1, std::rend(digits)};
  CHECK(bytes.substr(covered.size()) == "__CRC32#\x01" + reversed + "\x02");
}

TEST_CASE("the checksum of an older copy gives way to the record's own") {
  auto stale = GENERATE(as<std::string>{},
                        "__CRC32#\x01"
                        "0000000000\x02",
                        "TAGS\x01x\x02__CRC32#\x01"
                        "1234567890\x02k\x01v",
                        "TAGS\x01x\x02__CRC32#\x01"
                        "12",
                        "TAGS\x01x");
  auto bytes = encoded(test::draft_of("T", "A", {0}, {0}, stale), {0});
  auto record = decode_record(bytes, record_check::crc);
  REQUIRE(record);
  int checksums = 0;
  properties::for_each(record->properties, [&](auto name, auto) {
    checksums += name == properties::record_crc ? 1 : 0;
  });
  CHECK(checksums == 1);
  CHECK(properties::find(record->properties, "TAGS")
        == properties::find(stale, "TAGS"));
  CHECK(properties::find(record->properties, "k")
        == properties::find(stale, "k"));
}

TEST_CASE("properties at their limit stay within what a short can count") {
  auto size = GENERATE(range(32700, 32768));
  std::string text =
    "k\x01" + std::string(static_cast<std::size_t>(size) - 2, 'v');
  auto draft = test::draft_of("T", "A", {0}, {0}, text);
  draft.more_properties = "CLUSTER\x01"
                          "c\x02";
  auto bytes = encoded(draft, {0});
  auto record = decode_record(bytes, record_check::crc);
  REQUIRE(record);
  CHECK(record->properties.size() <= 32767);
  CHECK(properties::find(record->properties, "k").size()
        == static_cast<std::size_t>(size) - 2);
}

TEST_CASE("a record is read as it was written") {
  auto draft = test::draft_of("Orders", "the body", {5}, {1234},
                              "TAGS\x01x\x02KEYS\x01k1 k2\x02");
  draft.flag = 77;
  draft.reconsume_times = 3;
  draft.prepared_offset = {99};
  draft.born_host.size = GENERATE(std::uint8_t{4}, std::uint8_t{16});
  draft.sys_flag = draft.born_host.is_v6() ? sys_flag_born_v6 : 0;
  std::string long_topic(200, 't');
  if (GENERATE(false, true))
    draft.topic = long_topic; // takes the second magic
  auto bytes = encoded(draft, {4096});
  auto record = decode_record(bytes, record_check::crc);
  REQUIRE(record);
  CHECK(record->size == bytes.size());
  CHECK(record->topic == draft.topic);
  CHECK(record->body == draft.body);
  CHECK(properties::find(record->properties, "TAGS") == "x");
  CHECK(properties::find(record->properties, "KEYS") == "k1 k2");
  CHECK(record->queue == draft.queue);
  CHECK(record->offset == draft.offset);
  CHECK(record->position == log_offset{4096});
  CHECK(record->flag == 77);
  CHECK(record->reconsume_times == 3);
  CHECK(record->prepared_offset == log_offset{99});
  CHECK(record->born_host == draft.born_host);
  CHECK(record->store_host == draft.store_host);
  CHECK(record->store_time == draft.store_time);
}

TEST_CASE("properties that the broker adds are set off from the client's") {
  auto draft = test::draft_of("T", "A", {0}, {0}, "TAGS\x01x");
  draft.more_properties = "CLUSTER\x01"
                          "c";
  auto bytes = encoded(draft, {0});
  auto record = decode_record(bytes, record_check::crc);
  REQUIRE(record);
  CHECK(properties::find(record->properties, "TAGS") == "x");
  CHECK(properties::find(record->properties, "CLUSTER") == "c");
}

TEST_CASE("a record that is cut anywhere is refused") {
  auto whole = encoded(test::draft_of("T", "body", {0}, {0},
                                      "a\x01"
                                      "b\x02"),
                       {0});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // A copy of exactly its size, so that a sanitizer sees a step too far.
    auto cut = std::make_unique<char[]>(size + 1);
    std::ranges::copy(whole.substr(0, size), cut.get());
    CAPTURE(size);
    CHECK_FALSE(decode_record({cut.get(), size}, record_check::crc));
  }
}

TEST_CASE("any flipped bit of a record is noticed") {
  auto whole = encoded(
    test::draft_of("Topic", "a body of some length", {0}, {0}, "TAGS\x01x\x02"),
    {0});
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    auto bytes = whole;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    CAPTURE(bit, bit / 8);
    CHECK_FALSE(decode_record(bytes, record_check::crc));
  }
}

TEST_CASE("random bytes behind a good magic never lead outside them") {
  std::mt19937 random{20260713};
  for (int round = 0; round < 50000; ++round) {
    auto size = 8 + random() % 200;
    auto bytes = std::make_unique<char[]>(size);
    for (std::size_t i = 0; i < size; ++i)
      bytes[i] = static_cast<char>(random() % 4 == 0 ? random() : 0);
    constexpr char magic[] = "\xDA\xA3\x20\xA7";
    std::copy_n(magic, 4, bytes.get() + 4);
    bytes[0] = bytes[1] = bytes[2] = 0;
    auto record = decode_record({bytes.get(), size}, record_check::none);
    if (!record)
      continue;
    REQUIRE(record->size <= size);
    REQUIRE(record->topic.data() + record->topic.size() <= bytes.get() + size);
    REQUIRE(record->properties.size() <= size);
  }
}

TEST_CASE("a usual record is told from any damaged or other one") {
  auto body =
    GENERATE(std::string{}, std::string{"hello"}, std::string(300, 'b'));
  auto text = GENERATE(std::string{}, std::string{"KEYS\x01k\x02"},
                       std::string{"open\x01value"});
  auto draft = test::draft_of("Topic", body, {3}, {7}, text);
  const auto bytes = encoded(draft, {1000});
  const record_place place{{1000}, {3}, {7}, "Topic"};
  REQUIRE(is_usual_record(bytes, place));
  SECTION("every changed bit is noticed") {
    for (std::size_t i = 0; i < bytes.size(); ++i)
      for (auto bit : {1, 32, 128}) {
        auto damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ bit);
        CHECK_FALSE(is_usual_record(damaged, place));
      }
  }
  SECTION("every other size is noticed") {
    for (std::size_t size = 0; size < bytes.size(); ++size)
      CHECK_FALSE(is_usual_record({bytes.data(), size}, place));
    CHECK_FALSE(is_usual_record(bytes + '\0', place));
  }
  SECTION("every other place is noticed") {
    CHECK_FALSE(is_usual_record(bytes, {{1001}, {3}, {7}, "Topic"}));
    CHECK_FALSE(is_usual_record(bytes, {{1000}, {2}, {7}, "Topic"}));
    CHECK_FALSE(is_usual_record(bytes, {{1000}, {3}, {8}, "Topic"}));
    CHECK_FALSE(is_usual_record(bytes, {{1000}, {3}, {7}, "Topic2"}));
    CHECK_FALSE(is_usual_record(bytes, {{1000}, {3}, {7}, "Topi"}));
  }
}

TEST_CASE("a good record of another form is left to the decoder") {
  auto draft = test::draft_of("Topic", "body", {3}, {7});
  draft.born_host.size = 16;
  auto bytes = encoded(draft, {1000});
  CHECK_FALSE(is_usual_record(bytes, {{1000}, {3}, {7}, "Topic"}));
  CHECK(decode_record(bytes, record_check::crc));
}
