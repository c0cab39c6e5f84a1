/// Stores written by a real Apache RocketMQ, opened as they are.
#include "storage/recovery.hpp"

#include "support/catch.hpp"
#include "support/golden_store.hpp"
#include "support/scratch.hpp"

#include <map>

using namespace troupe;
using namespace troupe::storage;

namespace {

constexpr std::int64_t segment_bytes = 131072;
constexpr std::int64_t file_rows = 30;

} // namespace

TEST_CASE("the commit log of Apache RocketMQ is read record by record") {
  auto name = GENERATE(as<std::string>{}, "store-4.9.8", "store-5.3.2",
                       "store-5.3.2-killed");
  CAPTURE(name);
  test::scratch home;
  auto golden = test::unpack(name, home);
  if (!golden)
    return;
  const auto& messages = golden->manifest["messages"];
  rapidjson::SizeType next = 0;
  recovered_log found;
  auto log = commit_log::open(
    {golden->directory + "/commitlog", segment_bytes}, {},
    [&](const record_view& record) {
      REQUIRE(next < messages.Size());
      const auto& wanted = messages[next++];
      INFO("message " << next - 1);
      CHECK(record.position.value == wanted["physicalOffset"].GetInt64());
      CHECK(record.size == wanted["size"].GetUint());
      CHECK(record.topic == test::text_at(wanted, "topic"));
      CHECK(record.queue.value == wanted["queueId"].GetInt());
      CHECK(record.offset.value == wanted["queueOffset"].GetInt64());
      CHECK(record.flag == wanted["flag"].GetInt());
      CHECK(record.sys_flag == wanted["sysFlag"].GetInt());
      CHECK(record.born_time.value == wanted["bornTimestamp"].GetInt64());
      CHECK(record.store_time.value == wanted["storeTimestamp"].GetInt64());
      CHECK(to_string(record.born_host) == test::text_at(wanted, "bornHost"));
      CHECK(to_string(record.store_host) == test::text_at(wanted, "storeHost"));
      CHECK(record.body.size() == wanted["storedBodyLength"].GetUint());
      CHECK(row_of(record, {}).position == record.position);
    },
    found);
  REQUIRE(log);
  CHECK(next == messages.Size());
  CHECK(found.damaged_bytes == 0);
  CHECK(found.cut_bytes == 0);
}

TEST_CASE("a store of Apache RocketMQ is taken over with all its queues") {
  auto name = GENERATE(as<std::string>{}, "store-4.9.8", "store-5.3.2",
                       "store-5.3.2-killed");
  auto keep_rows = GENERATE(true, false);
  CAPTURE(name, keep_rows);
  test::scratch home;
  auto golden = test::unpack(name, home);
  if (!golden)
    return;
  if (!keep_rows)
    REQUIRE_FALSE(remove_tree(golden->directory + "/consumequeue"));
  store_options options{golden->directory, segment_bytes, file_rows, {}};
  auto store = open_store(options);
  if (!store)
    FAIL(describe(store.error()));
  std::map<std::string, std::vector<const rapidjson::Value*>> queues;
  for (const auto& message : golden->manifest["messages"].GetArray()) {
    auto kind = message["sysFlag"].GetInt() & sys_flag_transaction;
    if (kind == sys_flag_prepared || kind == sys_flag_rollback)
      continue;
    auto key = test::text_at(message, "topic") + "/"
               + std::to_string(message["queueId"].GetInt());
    queues[key].push_back(&message);
  }
  REQUIRE(queues.size() >= 3);
  for (const auto& [key, messages] : queues) {
    CAPTURE(key);
    auto slash = key.rfind('/');
    auto rows = consume_queue::open(
      {consume_queue_directory(options.directory, key.substr(0, slash),
                               {std::stoi(key.substr(slash + 1))}),
       file_rows},
      store->log->min(), store->log->end());
    REQUIRE(rows);
    CHECK(rows->min() == queue_offset{0});
    auto last = messages.back();
    REQUIRE(rows->end().value == (*last)["queueOffset"].GetInt64() + 1);
    std::vector<consume_row> found;
    REQUIRE_FALSE(rows->read_blocking({0}, messages.size() + 10, found));
    for (const auto* message : messages) {
      auto offset = (*message)["queueOffset"].GetInt64();
      INFO("offset " << offset);
      const auto& row = found[static_cast<std::size_t>(offset)];
      CHECK(row.position.value == (*message)["physicalOffset"].GetInt64());
      CHECK(row.size == (*message)["size"].GetInt());
      if (auto code = message->FindMember("tagsCode");
          code != message->MemberEnd() && code->value.IsInt64())
        CHECK(row.tags_code == code->value.GetInt64());
    }
  }
  for (const auto& message : golden->manifest["messages"].GetArray()) {
    auto key = test::text_at(message, "keys");
    if (key.empty() || key.find(' ') != key.npos)
      continue;
    auto places =
      store->index->find(index_hash(test::text_at(message, "topic"), key), {},
                         {std::int64_t{1} << 60}, 1000);
    REQUIRE(places);
    log_offset here{message["physicalOffset"].GetInt64()};
    CAPTURE(key, here.value);
    CHECK(std::ranges::count(*places, here) == 1);
  }
}
