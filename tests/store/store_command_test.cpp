/// `troupe store`: its exit statuses and what it prints, on stores that nodes
/// have made, whole and damaged.
#include "remoting/json_value.hpp"
#include "storage/file.hpp"
#include "storage/log_scan.hpp"

#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/program.hpp"
#include "support/records.hpp"
#include "support/scratch.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>

using namespace troupe;
using namespace troupe::remoting;

namespace {

constexpr int queues = 2;
constexpr int messages = 10; // of each queue

command commit_of(std::int64_t offset) {
  return test::request(request_code::update_consumer_offset,
                       {{"consumerGroup", "G"},
                        {"topic", "T"},
                        {"queueId", "0"},
                        {"commitOffset", std::to_string(offset)}});
}

std::string body_of(int queue, int number) {
  return "body-" + std::to_string(queue) + "-" + std::to_string(number);
}

/// A store with two queues and the progress of a group, ended in order.
void make_store(const std::string& data) {
  test::node node{data};
  test::client client{node.broker_port()};
  for (int i = 0; i < messages; ++i)
    for (int queue = 0; queue < queues; ++queue)
      REQUIRE(client
                .call(test::send_of("T", queue, body_of(queue, i),
                                    "KEYS\1key" + std::to_string(i) + "\2"))
                .code
              == 0);
  REQUIRE(client.call(commit_of(4)).code == 0);
  node.stop();
}

/// @param text  an object; lists are given as one's member
json_document json(const std::string& text) {
  INFO(text);
  auto parsed = parse_json(text);
  REQUIRE(parsed);
  return std::move(*parsed);
}

/// `troupe store VERB --data DATA --json ...`
test::program_result store(const std::string& verb, const std::string& data,
                           std::vector<std::string> more = {}) {
  std::vector<std::string> words{"store", verb, "--data", data, "--json"};
  words.insert(words.end(), more.begin(), more.end());
  return test::run(std::move(words));
}

json_document verified(const std::string& data, int status) {
  auto said = store("verify", data);
  INFO(said.output << said.errors);
  CHECK(said.status == status);
  auto parsed = json(said.output);
  CHECK(boolean_of(parsed, "sound") == (status == 0));
  return parsed;
}

/// Bodies of all messages by queue, pulled from a node that is started there.
std::vector<std::string> pulled(const std::string& data, int queue) {
  test::node node{data};
  test::client client{node.broker_port()};
  std::vector<std::string> bodies;
  for (std::int64_t next = 0;;) {
    auto answer = client.call(test::pull_of("Look", "T", queue, next));
    if (answer.code != 0)
      return bodies;
    std::ranges::move(test::bodies_of(answer), std::back_inserter(bodies));
    next = std::stoll(std::string{answer.field("nextBeginOffset")});
  }
}

std::vector<std::string> sent(int queue) {
  std::vector<std::string> bodies;
  for (int i = 0; i < messages; ++i)
    bodies.push_back(body_of(queue, i));
  return bodies;
}

const json_node& only_damage(const json_document& verdict) {
  const auto* damage = member_of(verdict, "damage");
  REQUIRE(damage != nullptr);
  REQUIRE(damage->Size() == 1);
  return (*damage)[0];
}

const std::string first_segment = "/commitlog/00000000000000000000";
const std::string first_rows = "/consumequeue/T/0/00000000000000000000";

} // namespace

TEST_CASE("store: a healthy directory is sound, and can be looked at") {
  test::scratch home;
  auto data = home / "data";
  make_store(data);
  auto verdict = verified(data, 0);
  CHECK(int64_of(verdict, "records") == queues * messages);
  CHECK(int64_of(verdict, "rows") == queues * messages);
  CHECK(int64_of(verdict, "queues") == queues);
  // The unique key that the broker gives, and the one that the sender gave.
  CHECK(int64_of(verdict, "indexEntries") == 2 * queues * messages);
  CHECK(int64_of(verdict, "tornBytes") == 0);
  CHECK(int64_of(verdict, "lostMessages") == 0);
  CHECK(int64_of(verdict, "checkpoint") == int64_of(verdict, "logEnd"));
  CHECK(int64_of(verdict, "stateRows") > 3);

  auto listed = store("ls", data);
  CHECK(listed.status == 0);
  auto list = json("{\"rows\":" + listed.output + "}");
  const auto& rows = *member_of(list, "rows");
  REQUIRE(rows.Size() == queues);
  CHECK(text_of(rows[1], "topic") == "T");
  CHECK(int64_of(rows[1], "queue") == 1);
  CHECK(int64_of(rows[1], "min") == 0);
  CHECK(int64_of(rows[1], "max") == messages);

  auto figures = store("stats", data);
  CHECK(figures.status == 0);
  auto stats = json(figures.output);
  CHECK(int64_of(stats, "records") == queues * messages);
  const auto* topics = member_of(stats, "topics");
  REQUIRE(topics != nullptr);
  REQUIRE(topics->Size() == 1);
  CHECK(int64_of((*topics)[0], "bodyBytes")
        == queues * messages * std::ssize(body_of(0, 0)));

  auto shown =
    store("cat", data,
          {"--topic", "T", "--queue", "1", "--offset", "7", "--count", "1"});
  CHECK(shown.status == 0);
  auto message = json(shown.output);
  CHECK(text_of(message, "body") == body_of(1, 7));
  CHECK(int64_of(message, "offset") == 7);
  CHECK(text_of(message, "properties").find("KEYS=key7") != std::string::npos);
  auto at = store("cat", data,
                  {"--at", std::to_string(int64_of(message, "logOffset"))});
  CHECK(at.status == 0);
  CHECK(at.output == shown.output);
  CHECK(store("cat", data, {"--at", "3"}).status == 1);
  CHECK(store("cat", data, {"--topic", "None"}).status == 2);

  // Nothing of this has changed anything, and there is nothing to repair.
  auto repaired = store("repair", data);
  CHECK(repaired.status == 0);
  CHECK(member_of(json(repaired.output), "done")->Empty());
  verified(data, 0);
}

TEST_CASE("store: without a store or with bad words it is refused") {
  test::scratch home;
  for (const auto* verb : {"verify", "repair", "ls", "stats"}) {
    CAPTURE(verb);
    auto said = store(verb, home / "none");
    CHECK(said.status == 2);
    CHECK(said.errors.find("none") != std::string::npos);
  }
  CHECK(test::run({"store"}).status == 2);
  CHECK(test::run({"store", "polish"}).status == 2);
  CHECK(test::run({"store", "cat", "--data", home / "x"}).status == 2);
  CHECK(test::run({"store", "--help"}).status == 0);
}

TEST_CASE("store: what changes files is refused while a node runs there") {
  test::scratch home;
  auto data = home / "data";
  test::node node{data};
  for (const auto* verb : {"repair", "export"}) {
    CAPTURE(verb);
    auto said = store(verb, data);
    CHECK(said.status != 0);
    CHECK(said.errors.find("stop it first") != std::string::npos);
  }
}

TEST_CASE("store: a flipped bit of a record is named, and its message") {
  test::scratch home;
  auto data = home / "data";
  make_store(data);
  std::vector<log_offset> places;
  REQUIRE(storage::scan_log(data,
                            [&](const storage::record_view& x) {
                              if (x.queue.value == 0)
                                places.push_back(x.position);
                            },
                            {}));
  REQUIRE(places.size() == messages);
  auto bit = static_cast<std::size_t>(places[3].value + 90) * 8 + 1;
  test::flipped_bit flip{data + first_segment, bit};
  auto verdict = verified(data, 1);
  CHECK(text_of(only_damage(verdict), "kind") == "record");
  CHECK(int64_of(only_damage(verdict), "place") == places[3].value);
  CHECK_FALSE(boolean_of(only_damage(verdict), "derived", true));
  const auto* lost = member_of(verdict, "lost");
  REQUIRE(lost != nullptr);
  REQUIRE(lost->Size() == 1);
  CHECK(text_of((*lost)[0], "topic") == "T");
  CHECK(int64_of((*lost)[0], "queue") == 0);
  CHECK(int64_of((*lost)[0], "offset") == 3);
  CHECK(store("stats", data).status == 1);
  // It cannot be made again: repair says so, every time.
  CHECK(store("repair", data).status == 1);
  CHECK(store("repair", data).status == 1);
  auto rest = sent(0);
  rest.erase(rest.begin() + 3);
  CHECK(pulled(data, 0) == rest);
  CHECK(pulled(data, 1) == sent(1));
}

TEST_CASE("store: what is derived is found damaged and made again") {
  test::scratch home;
  auto data = home / "data";
  make_store(data);
  auto runs = *storage::list_directory(data + "/index");
  REQUIRE(runs.size() == 1);

  struct place {
    std::string kind;
    std::string file;
    std::size_t bit;
  };

  // Of rows: position, size, tag.
  auto damaged =
    GENERATE_COPY(place{"row", first_rows, (5 * 20 + 6) * 8},
                  place{"row", first_rows, 10 * 8},
                  place{"row", first_rows, (9 * 20 + 15) * 8 + 3},
                  place{"index", "/index/" + runs[0], (4096 + 3) * 8},
                  place{"checkpoint", "/troupe.checkpoint", 10 * 8});
  CAPTURE(damaged.kind, damaged.bit);
  {
    // For good: repair is to put it right.
    auto bytes = storage::read_file(data + damaged.file);
    REQUIRE(bytes);
    (*bytes)[damaged.bit / 8] =
      static_cast<char>((*bytes)[damaged.bit / 8] ^ (1 << damaged.bit % 8));
    REQUIRE_FALSE(storage::replace_file(data + damaged.file, *bytes));
  }
  auto verdict = verified(data, 1);
  CHECK(text_of(only_damage(verdict), "kind") == damaged.kind);
  CHECK(boolean_of(only_damage(verdict), "derived"));
  auto repaired = store("repair", data);
  INFO(repaired.output << repaired.errors);
  CHECK(repaired.status == 0);
  CHECK(boolean_of(json(repaired.output), "sound"));
  verified(data, 0);
  CHECK(pulled(data, 0) == sent(0));
  CHECK(pulled(data, 1) == sent(1));
}

TEST_CASE("store: a missing queue and a missing index are made again") {
  test::scratch home;
  auto data = home / "data";
  make_store(data);
  REQUIRE_FALSE(storage::remove_tree(data + "/consumequeue/T/1"));
  auto verdict = verified(data, 1);
  CHECK(int64_of(verdict, "findings") == messages);
  CHECK(store("repair", data).status == 0);
  verified(data, 0);
  CHECK(pulled(data, 1) == sent(1));
}

TEST_CASE("store: a torn tail is no damage, and is cut off") {
  test::scratch home;
  auto data = home / "data";
  make_store(data);
  auto log = storage::scan_log(data, [](const auto&) {}, {});
  REQUIRE(log);
  {
    // Half a record behind the end, as a crash leaves it.
    auto segment =
      storage::file::open(data + first_segment, storage::open_mode::read_write);
    REQUIRE(segment);
    std::string head(60, '\0');
    REQUIRE((*segment)->read(0, head.data(), head.size()));
    REQUIRE_FALSE((*segment)->write(log->end.value, head));
  }
  auto verdict = verified(data, 0);
  CHECK(int64_of(verdict, "tornBytes") > 0);
  CHECK(int64_of(verdict, "records") == queues * messages);
  const auto* notes = member_of(verdict, "notes");
  REQUIRE(notes != nullptr);
  REQUIRE(notes->Size() == 1);
  CHECK(std::string{(*notes)[0].GetString()}.find("never finished")
        != std::string::npos);
  auto repaired = store("repair", data);
  CHECK(repaired.status == 0);
  CHECK(repaired.output.find("cut off") != std::string::npos);
  CHECK(int64_of(verified(data, 0), "tornBytes") == 0);
  CHECK(pulled(data, 0) == sent(0));
}

TEST_CASE("store: of a damaged state what can be read is saved") {
  test::scratch home;
  auto data = home / "data";
  make_store(data);
  {
    auto bytes = storage::read_file(data + "/state/data.mdb");
    REQUIRE(bytes);
    // The group's progress: its name, in every copy of the page.
    auto at = bytes->find(std::string{"G\0T\0", 4});
    REQUIRE(at != std::string::npos);
    for (; at != std::string::npos; at = bytes->find({"G\0T\0", 4}, at + 4))
      (*bytes)[at] = 'H';
    REQUIRE_FALSE(storage::replace_file(data + "/state/data.mdb", *bytes));
  }
  auto verdict = verified(data, 1);
  CHECK(text_of(only_damage(verdict), "kind") == "state");
  auto repaired = store("repair", data);
  INFO(repaired.output);
  CHECK(repaired.status == 0);
  CHECK(repaired.output.find("lost the row offsets/H") != std::string::npos);
  CHECK(repaired.output.find("put aside") != std::string::npos);
  verified(data, 0);
  CHECK(pulled(data, 0) == sent(0));
}

TEST_CASE("store: what is exported can be imported again") {
  test::scratch home;
  auto data = home / "data";
  make_store(data);
  auto exported = store("export", data);
  INFO(exported.output << exported.errors);
  REQUIRE(exported.status == 0);
  auto there = json(exported.output);
  CHECK(int64_of(there, "topics") >= 1);
  CHECK(int64_of(there, "offsets") >= 1);
  CHECK(int64_of(there, "segmentBytes") == limits::segment_bytes_min);
  for (const auto* name :
       {"topics.json", "subscriptionGroup.json", "consumerOffset.json"})
    CHECK(storage::path_exists(data + "/config/" + name));
  CHECK_FALSE(storage::path_exists(data + "/consumequeue"));

  auto copy = home / "copy";
  auto imported = store("import", copy, {"--from", data});
  INFO(imported.output << imported.errors);
  REQUIRE(imported.status == 0);
  auto back = json(imported.output);
  CHECK(int64_of(back, "records") == queues * messages);
  CHECK(int64_of(back, "topics") == int64_of(there, "topics"));
  CHECK(int64_of(back, "offsets") == int64_of(there, "offsets"));
  CHECK(store("import", copy, {"--from", data}).status == 2);
  CHECK(store("import", home / "other", {"--from", home / "none"}).status == 2);
  verified(copy, 0);
  CHECK(pulled(copy, 0) == sent(0));
  test::node node{copy};
  test::client client{node.broker_port()};
  auto progress = client.call(
    test::request(request_code::query_consumer_offset,
                  {{"consumerGroup", "G"}, {"topic", "T"}, {"queueId", "0"}}));
  CHECK(progress.code == 0);
  CHECK(progress.field("offset") == "4");
}
