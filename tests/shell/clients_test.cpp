/// What the shell says of clients, and what it holds up: topics, groups, custom
/// actors.
#include "shell/shell_node.hpp"

#include "support/eventually.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

#include <memory>
#include <thread>

using namespace troupe;
using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

errc error_of(const caf::expected<table>& answer) {
  return answer ? errc::none : errc_of(answer.error());
}

constexpr int no_permission = 16;

/// A producer of the client id me@1.
void introduce(client& one) {
  REQUIRE(one
            .call(request(remoting::request_code::heart_beat, {},
                          R"({"clientID":"me@1","consumerDataSet":[],)"
                          R"("producerDataSet":[{"groupName":"PG"}]})"))
            .code
          == 0);
}

/// What the life of the message with key k says of a step, a line each.
std::string what_of(shell_node& node, const char* step) {
  auto life = node.ask("where", {"key=k"});
  REQUIRE(life);
  std::string all;
  for (std::size_t i = 0; i < life->rows.size(); ++i)
    if (at(*life, "step", i) == cell{step})
      all += at(*life, "what", i).text + "\n";
  return all;
}

} // namespace

TEST_CASE("gateway: clients are listed, shown and cut off") {
  scratch home;
  shell_node node{home.path()};
  client one{node.cast().ports.broker};
  introduce(one);
  auto list = node.ask("ls", {"/gateway"});
  REQUIRE(list);
  std::string path;
  for (const auto& row : list->rows)
    if (row.back() == cell{"me@1"})
      path = row.front().text;
  REQUIRE(path.starts_with("/gateway/127.0.0.1:"));
  auto shown = node.ask("show", {path});
  REQUIRE(shown);
  CHECK(at(*shown, "client_id") == cell{"me@1"});
  CHECK(at(*shown, "service") == cell{"broker"});
  CHECK(at(*shown, "language") == cell{"JAVA"});
  CHECK(at(*shown, "requests") == cell{1});
  CHECK(at(*shown, "in_bytes").number > 100);
  CHECK(at(*shown, "out_bytes").number > 50);
  CHECK(at(*shown, "out_buffer_bytes") == cell{0});
  CHECK(error_of(node.ask("kill", {path})) == errc::not_confirmed);
  CHECK_FALSE(one.is_closed(50ms));
  REQUIRE(node.ask("kill", {path, "--yes"}));
  CHECK(one.is_closed());
  CHECK(error_of(node.ask("show", {path})) == errc::path_not_found);
  CHECK(error_of(node.ask("kill", {path, "--yes"})) == errc::path_not_found);
}

TEST_CASE(
  "where: a message that was popped is delivered until it comes again") {
  scratch home;
  shell_node node{home.path()};
  REQUIRE(node.ask("topic", {"create", "t", "--queues", "1"}));
  REQUIRE(node.ask("send", {"t", "x", "--key", "k"}));
  auto one = std::make_unique<client>(node.cast().ports.broker);
  introduce(*one);
  auto pop = [&](std::int64_t invisible_ms) {
    return one
      ->call(request(remoting::request_code::pop_message,
                     {{"consumerGroup", "g"},
                      {"topic", "t"},
                      {"queueId", "-1"},
                      {"maxMsgNums", "8"},
                      {"invisibleTime", std::to_string(invisible_ms)},
                      {"pollTime", "0"},
                      {"bornTime", std::to_string(now_ms().value)},
                      {"initMode", "0"}}))
      .code;
  };
  CHECK(what_of(node, "delivered").empty());
  REQUIRE(pop(300) == 0);
  auto text = what_of(node, "delivered");
  CHECK(text.find("to me@1 at 127.0.0.1:") == 0);
  CHECK(text.find(" of group g, which has popped it") != std::string::npos);
  CHECK(what_of(node, "acknowledged").empty());
  REQUIRE(eventually([&] { return !what_of(node, "retried").empty(); }));
  CHECK(what_of(node, "delivered").empty());
  CHECK(what_of(node, "retried").find("for group g, time 1")
        != std::string::npos);
  CHECK(what_of(node, "retried").find("in flight") == std::string::npos);
  REQUIRE(pop(60'000) == 0);
  text = what_of(node, "retried");
  CHECK(text.find("in flight, with me@1 at 127.0.0.1:") != std::string::npos);
  CHECK(text.find(", comes again at") != std::string::npos);
  one.reset();
  CHECK(eventually([&] {
    return what_of(node, "retried").find("with a client that has disconnected")
           != std::string::npos;
  }));
}

TEST_CASE("where: to whom it was delivered, and that it was acknowledged") {
  scratch home;
  shell_node node{home.path()};
  REQUIRE(node.ask("topic", {"create", "t", "--queues", "1"}));
  REQUIRE(node.ask("send", {"t", "x", "--key", "k"}));
  REQUIRE(node.ask("send", {"t", "y"}));
  client one{node.cast().ports.broker};
  introduce(one);
  auto commit = [&](int offset) {
    return one
      .call(request(remoting::request_code::update_consumer_offset,
                    {{"consumerGroup", "g"},
                     {"topic", "t"},
                     {"queueId", "0"},
                     {"commitOffset", std::to_string(offset)}}))
      .code;
  };
  REQUIRE(one.call(pull_of("g", "t", 0, 0)).code == 0);
  REQUIRE(commit(0) == 0);
  CHECK(what_of(node, "awaited").find("by group g, 0 messages before it") == 0);
  // Who asks for what is behind it has it.
  REQUIRE(one.call(pull_of("g", "t", 0, 1)).code == 0);
  CHECK(what_of(node, "delivered").find("to me@1 at 127.0.0.1:") == 0);
  CHECK(what_of(node, "acknowledged").empty());
  REQUIRE(commit(1) == 0);
  CHECK(what_of(node, "delivered").empty());
  auto done = what_of(node, "acknowledged");
  CHECK(done.find("by group g, which is at 1; me@1 at 127.0.0.1:") == 0);
}

TEST_CASE("pause: a topic delivers nothing, and takes what is sent") {
  scratch home;
  shell_node node{home.path()};
  REQUIRE(node.ask("topic", {"create", "t", "--queues", "1"}));
  client one{node.cast().ports.broker};
  auto pull = [&] { return one.call(pull_of("g", "t", 0, 0)).code; };
  auto send = [&] { return one.call(send_of("t", 0, "x")); };
  REQUIRE(send().code == 0);
  REQUIRE(node.ask("pause", {"/topic/t"}));
  CHECK(pull() == no_permission);
  CHECK(send().code == 0);
  REQUIRE(node.ask("resume", {"/topic/t"}));
  CHECK(pull() == 0);
  auto again = node.ask("resume", {"/topic/t"});
  REQUIRE(again);
  CHECK(again->note == "/topic/t is not paused");
  CHECK(error_of(node.ask("pause", {"/topic/TBW102"})) == errc::no_permission);
  CHECK(error_of(node.ask("pause", {"/topic/none"})) == errc::topic_not_found);
  CHECK(error_of(node.ask("pause", {"/queue/t/0"})) == errc::not_supported);
}

TEST_CASE("where: what clients with trace on say of a message") {
  scratch home;
  shell_node node{home.path()};
  REQUIRE(node.ask("topic", {"create", "t", "--queues", "1"}));
  auto sent = node.ask("send", {"t", "x", "--key", "k"});
  REQUIRE(sent);
  auto id = at(*sent, "id").text;
  auto tell = [&](std::string text, const std::string& keys) {
    for (auto& c : text)
      if (c == '|')
        c = '\x01';
      else if (c == ';')
        c = '\x02';
    REQUIRE(node.ask("send", {"RMQ_SYS_TRACE_TOPIC", text, "--key", keys}));
  };
  tell("SubAfter|R|" + id
         + "|5|false|k|4|1700000000003|g;SubBefore|1700000000"
           "002|r|g|R|"
         + id + "|2|k;SubBefore|1|r|g|R|ANOTHER|0|other;",
       id + " k");
  tell("Pub|1700000000001|r|PG|t|" + id + "|tag|k|h:1|1|3|0|O|true;",
       id + " k");
  // One that was never stored.
  tell("Pub|1700000000001|r|PG|t|LOST|tag|lost|h:1|1|3000|0||false;",
       "LOST lost");
  CHECK(what_of(node, "trace: sent").find("by group PG at 127.0.0.1:") == 0);
  CHECK(what_of(node, "trace: sent").find(", took 3 ms\n")
        != std::string::npos);
  CHECK(what_of(node, "trace: consuming").find(", tried 2 times before\n")
        != std::string::npos);
  CHECK(what_of(node, "trace: consumed").find(", which failed, took 5 ms\n")
        != std::string::npos);
  auto life = node.ask("where", {"id=" + id});
  REQUIRE(life);
  std::vector<std::string> told;
  for (std::size_t i = 0; i < life->rows.size(); ++i) {
    CHECK(at(*life, "id", i) == cell{id});
    if (at(*life, "step", i).text.starts_with("trace: "))
      told.push_back(at(*life, "step", i).text);
  }
  CHECK(told
        == std::vector<std::string>{"trace: sent", "trace: consuming",
                                    "trace: consumed"});
  auto lost = node.ask("where", {"key=lost"});
  REQUIRE(lost);
  REQUIRE(lost->rows.size() == 1);
  CHECK(at(*lost, "id") == cell{"LOST"});
  CHECK(at(*lost, "step") == cell{"trace: sent"});
  CHECK(at(*lost, "what").text.find(", which failed, took 3 s")
        != std::string::npos);
}

TEST_CASE("tx: a discarded one is listed, and asked about again on demand") {
  scratch home;
  // Asked about after 200 ms, discarded when there is no answer 300 ms later.
  shell_node node{home.path(), {}, nullptr, {200, 300, 1, 3'600'000}};
  client one{node.cast().ports.broker};
  introduce(one);
  auto list = [&](std::vector<std::string> words) {
    auto answer = node.ask("tx", std::move(words));
    REQUIRE(answer);
    return std::move(*answer);
  };
  auto check = [&] {
    auto asked = one.receive(5s);
    return asked
           && asked->code
                == static_cast<std::int32_t>(
                  remoting::request_code::check_transaction_state);
  };
  REQUIRE(
    one
      .call(send_of("t", 0, "body",
                    "TRAN_MSG\x01true\x02PGROUP\x01PG\x02UNIQ_KEY\x01K\x02"))
      .code
    == 0);
  CHECK(check());
  REQUIRE(eventually([&] {
    return list({"list", "--discarded"}).rows.size() == 1;
  }));
  CHECK(list({"list"}).rows.empty());
  auto row = list({"list", "--discarded"});
  CHECK(at(row, "topic") == cell{"t"});
  CHECK(at(row, "group") == cell{"PG"});
  CHECK(at(row, "id") == cell{"K"});
  REQUIRE(node.ask("tx", {"resume", "K"}));
  CHECK(check());
  CHECK(error_of(node.ask("tx", {"resume", "nobody"}))
        == errc::transaction_not_found);
}

TEST_CASE("plugin: only what lies where the node was told to look") {
  scratch home;
  shell_node node{home.path()};
  auto listed = node.ask("plugin", {"list"});
  REQUIRE(listed);
  CHECK(at(*listed, "file") == cell{"built in"});
  auto refused = node.ask("plugin", {"load", "x.so"});
  REQUIRE_FALSE(refused);
  CHECK(errc_of(refused.error()) == errc::not_supported);
  CHECK(context_of(refused.error()).find("--plugin-dir") != std::string::npos);
}
