#include "shell/shell_node.hpp"

#include "admin/verbs.hpp"
#include "app/shell/completion.hpp"
#include "app/shell/interpreter.hpp"
#include "app/shell/local_verbs.hpp"

#include "support/node.hpp"
#include "support/scratch.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <sstream>

using namespace troupe;
using namespace troupe::test;

namespace {

using words = std::vector<std::string>;

/// An actor that answers in words of its own, as a plug-in's does.
askable_actor::behavior_type parrot(askable_actor::pointer) {
  return {[](const actor_question& x) -> caf::result<table> {
    if (x.word == "fail")
      return make_error(errc::not_supported, "a parrot does not fail");
    table t;
    t.columns = {"word"};
    t.rows.push_back({x.word});
    for (const auto& argument : x.arguments)
      t.rows.push_back({argument});
    return t;
  }};
}

void put(shell_node& node, const std::string& path, const askable_actor& actor,
         errc expected = errc::none) {
  caf::scoped_actor self{node.system()};
  auto got = errc::none;
  self
    ->request(node.cast().admin, std::chrono::seconds{5},
              register_path{path, "custom", actor})
    .receive([](const path_registered&) {},
             [&](caf::error& e) { got = errc_of(e); });
  CHECK(got == expected);
}

errc error_of(const caf::expected<table>& answer) {
  return answer ? errc::none : errc_of(answer.error());
}

} // namespace

TEST_CASE("admin: topics are made, shown, changed and deleted") {
  scratch home;
  shell_node node{home.path()};
  REQUIRE(node.ask("topic", {"create", "orders", "--queues", "3"}));
  CHECK(error_of(node.ask("topic", {"create", "orders"}))
        == errc::invalid_argument);
  auto shown = node.ask("topic", {"describe", "orders"});
  REQUIRE(shown);
  CHECK(at(*shown, "write_queues") == cell{3});
  REQUIRE(node.ask("topic", {"set", "orders", "--perm", "r", "--queues", "4"}));
  shown = node.ask("show", {"/topic/orders"});
  REQUIRE(shown);
  CHECK(at(*shown, "queues") == cell{4});
  CHECK(at(*shown, "perm") == cell{"r"});
  CHECK(error_of(node.ask("send", {"orders", "x"})) == errc::no_permission);
  CHECK(error_of(node.ask("topic", {"set", "orders"}))
        == errc::invalid_argument);
  CHECK(error_of(node.ask("topic", {"delete", "orders"}))
        == errc::not_confirmed);
  auto dry = node.ask("topic", {"delete", "orders", "--dry-run"});
  REQUIRE(dry);
  CHECK(dry->note.find("would delete topic orders") == 0);
  CHECK(node.ask("topic", {"describe", "orders"}));
  REQUIRE(node.ask("topic", {"delete", "orders", "--yes"}));
  CHECK(error_of(node.ask("topic", {"describe", "orders"}))
        == errc::topic_not_found);
}

TEST_CASE("admin: what is sent is pulled, by tag, from either end") {
  scratch home;
  shell_node node{home.path()};
  REQUIRE(node.ask("topic", {"create", "t", "--queues", "1"}));
  auto sent = node.ask("send", {"t", "first", "--tag", "a", "--key", "k1",
                                "--property", "colour=red"});
  REQUIRE(sent);
  CHECK(at(*sent, "offset") == cell{0});
  REQUIRE(node.ask("send", {"t", "more", "--count", "20", "--tag", "b"}));
  REQUIRE(node.ask("send", {"t", "--", "--odd"}));
  auto first = node.ask("pull", {"t", "--from", "first", "--count", "1"});
  REQUIRE(first);
  REQUIRE(first->rows.size() == 1);
  CHECK(at(*first, "body") == cell{"first"});
  CHECK(at(*first, "key") == cell{"k1"});
  CHECK(at(*first, "id") == at(*sent, "id"));
  CHECK(at(*first, "properties").text.find("colour=red") != std::string::npos);
  auto last = node.ask("pull", {"t", "--count", "1"});
  REQUIRE(last);
  CHECK(at(*last, "body") == cell{"--odd"});
  CHECK(at(*last, "offset") == cell{21});
  auto tagged = node.ask("pull", {"t", "--from", "first", "--tag", "a"});
  REQUIRE(tagged);
  CHECK(tagged->rows.size() == 1);
  auto middle = node.ask("pull", {"t", "--from", "5", "--count", "3"});
  REQUIRE(middle);
  CHECK(at(*middle, "offset") == cell{5});
  CHECK(middle->rows.size() == 3);
  CHECK(error_of(node.ask("pull", {"t", "--queue", "7"}))
        == errc::queue_not_found);
  CHECK(error_of(node.ask("pull", {"nothing"})) == errc::topic_not_found);
}

TEST_CASE("admin: a pull that waits gets what comes meanwhile") {
  scratch home;
  shell_node node{home.path()};
  REQUIRE(node.ask("topic", {"create", "t", "--queues", "1"}));
  caf::scoped_actor self{node.system()};
  auto waiting =
    self->request(node.cast().admin, std::chrono::seconds{20},
                  admin_request{"pull", {"t", "--queue", "0", "--wait", "15"}});
  caf::scoped_actor other{node.system()};
  REQUIRE(node.ask("show", {"/queue/t/0"}));
  for (int i = 0; i < 200; ++i) // until it waits
    if (auto x = node.ask("show", {"/queue/t/0"});
        x && at(*x, "waiting_pulls") == cell{1})
      break;
  REQUIRE(node.ask("send", {"t", "at last"}));
  std::move(waiting).receive(
    [](const table& x) {
      REQUIRE(x.rows.size() == 1);
      CHECK(at(x, "body") == cell{"at last"});
    },
    [](const caf::error& e) { FAIL(describe(e)); });
}

TEST_CASE("admin: groups, and how far they are behind") {
  scratch home;
  shell_node node{home.path()};
  REQUIRE(node.ask("topic", {"create", "t", "--queues", "2"}));
  REQUIRE(node.ask("send", {"t", "x", "--queue", "1", "--count", "5"}));
  REQUIRE(node.ask("group", {"create", "g", "--retries", "3"}));
  auto shown = node.ask("group", {"describe", "g"});
  REQUIRE(shown);
  CHECK(at(*shown, "retries") == cell{3});
  CHECK(at(*shown, "members") == cell{0});
  // Its progress comes from elsewhere.
  caf::scoped_actor self{node.system()};
  self
    ->request(node.cast().directory, std::chrono::seconds{5},
              find_group{"g", false})
    .receive(
      [&](const group_found& x) {
        self->send(x.group, commit_offsets{{{{"t", {1}}, {2}}}});
      },
      [](const caf::error& e) { FAIL(describe(e)); });
  auto lag = node.ask("lag", {"g"});
  REQUIRE(lag);
  CHECK(at(*lag, "lag") == cell{3});
  CHECK(at(*lag, "reason") == cell{"no consumer is online"});
  lag = node.ask("lag", {"g", "--queues"});
  REQUIRE(lag);
  REQUIRE(lag->rows.size() == 2);
  CHECK(at(*lag, "progress", 0) == cell{});
  CHECK(at(*lag, "progress", 1) == cell{2});
  CHECK(at(*lag, "in_flight", 1) == cell{0});
  CHECK(at(*lag, "drain_s", 1) == cell{"never"});
  CHECK(at(*lag, "oldest_s", 1).real >= 0);
  CHECK(at(*lag, "oldest_s", 0) == cell{});
  CHECK(at(*lag, "owner", 1) == cell{});
  REQUIRE(node.ask("group", {"set", "g", "--enabled", "false"}));
  lag = node.ask("lag");
  REQUIRE(lag);
  CHECK(at(*lag, "reason").text.find("paused") != std::string::npos);
  CHECK(error_of(node.ask("group", {"delete", "g"})) == errc::not_confirmed);
  REQUIRE(node.ask("group", {"delete", "g", "--yes"}));
  CHECK(error_of(node.ask("lag", {"g"})) == errc::group_not_found);
}

// With a sanitizer's allocator malloc has nothing to say.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("admin: the node says what memory it has") {
  scratch home;
  shell_node node{home.path()};
  auto figure = [&](const char* name) {
    auto shown = node.ask("show", {"/"});
    REQUIRE(shown);
    return at(*shown, name).number;
  };
  constexpr std::size_t megabytes = 48;
  auto in_use = figure("memory_in_use");
  auto resident = figure("memory_private");
  CHECK(in_use > 0);
  std::string more(megabytes << 20, 'x');
  CHECK(figure("memory_in_use") - in_use > 40 << 20);
  CHECK(figure("memory_private") - resident > 40 << 20);
  CHECK(more.back() == 'x');
}
#endif

TEST_CASE("admin: every path that ls lists can be listed or shown") {
  scratch home;
  shell_node node{home.path()};
  REQUIRE(node.ask("send", {"made", "x"}));
  constexpr std::size_t looked_at_max = 5; // of each folder; some have 1024
  words open{"/"};
  std::size_t seen = 0;
  while (!open.empty()) {
    auto path = open.back();
    open.pop_back();
    CAPTURE(path);
    auto list = node.ask("ls", {path});
    REQUIRE(list);
    auto of_root = path == "/";
    for (std::size_t i = 0;
         i < list->rows.size() && (of_root || i < looked_at_max); ++i) {
      ++seen;
      auto child = at(*list, "path", i).text;
      CAPTURE(child);
      // A topic's sum asks all its queues: the smaller ones will do.
      if (at(*list, "kind", i) != cell{"folder"}
          && child != "/topic/BenchmarkTest")
        CHECK(node.ask("show", {child}));
      if (!child.starts_with("/topic/")) // its queues are those of /queue
        open.push_back(child);
    }
  }
  CHECK(seen > 30);
  for (auto bad : {"/nothing", "/queue/made/99", "/queue/made/x", "/topic/a/b",
                   "/custom/nobody"}) {
    CAPTURE(bad);
    CHECK_FALSE(node.ask("show", {bad}));
  }
}

TEST_CASE("admin: others register actors, which answer in their own words") {
  scratch home;
  shell_node node{home.path()};
  auto actor = node.system().spawn(parrot);
  put(node, "/custom/polly", actor);
  auto answer = node.ask("ask", {"/custom/polly", "say", "--loud", "hello"});
  REQUIRE(answer);
  CHECK(answer->rows.size() == 3);
  CHECK(at(*answer, "word", 1) == cell{"--loud"});
  CHECK(node.ask("tell", {"/custom/polly", "say"}));
  CHECK(error_of(node.ask("ask", {"/custom/polly", "fail"}))
        == errc::not_supported);
  CHECK(error_of(node.ask("ask", {"/topic/x", "say"})) == errc::not_supported);
  auto listed = node.ask("ls", {"/custom"});
  REQUIRE(listed);
  CHECK(at(*listed, "path") == cell{"/custom/polly"});
  auto shown = node.ask("show", {"/custom/polly"});
  REQUIRE(shown);
  CHECK(at(*shown, "word") == cell{"show"});
  for (auto path :
       {"custom", "/", "/a//b", "/a b", "/log", "/topic/mine", "/x/"})
    put(node, path, actor, errc::invalid_argument);
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  auto gone = errc::none;
  for (int i = 0; i < 1000 && gone == errc::none; ++i)
    gone = error_of(node.ask("show", {"/custom/polly"}));
  // Asked before its death was heard of, or after.
  CHECK((gone == errc::path_not_found || gone == errc::busy));
}

TEST_CASE("admin: misspelt lines are told what is wrong") {
  scratch home;
  shell_node node{home.path()};

  struct row {
    const char* verb;
    words arguments;
    const char* says;
  };

  const row rows[] = {{"fly", {}, "no verb is called `fly`"},
                      {"send", {"t"}, "BODY is missing"},
                      {"send", {"t"}, "`help send` shows how it is written"},
                      {"topic", {}, "delete; say what; `help topic`"},
                      {"send", {"t", "a", "b"}, "one word too many"},
                      {"send", {"t", "a", "--count", "x"}, "--count"},
                      {"send", {"t", "a", "--count"}, "--count needs a value"},
                      {"send", {"t", "a", "--property", "x"}, "NAME=VALUE"},
                      {"pull", {"t", "--from", "nowhere"}, "--from"},
                      {"pull", {"t", "--wait", "1"}, "--queue N"},
                      {"topic", {"fly"}, "not `fly`"},
                      {"topic", {"create", "bad name"}, "illegal characters"},
                      {"topic", {"create", "t", "--perm", "x"}, "--perm"},
                      {"topic", {"create", "t", "--wings", "2"}, "--wings"},
                      {"config", {"nothing"}, "no setting"}};
  for (const auto& x : rows) {
    CAPTURE(x.verb, x.arguments);
    auto answer = node.ask(x.verb, x.arguments);
    REQUIRE_FALSE(answer);
    CHECK(context_of(answer.error()).find(x.says) != std::string::npos);
  }
}

TEST_CASE("config: of a changed setting also what is configured") {
  scratch home;
  shell_node node{home.path()};
  auto before = node.ask("config", {"flushDiskType"});
  REQUIRE(before);
  CHECK(at(*before, "value") == cell{"SYNC_FLUSH"});
  CHECK(at(*before, "configured") == cell{});
  client administrator{node.cast().ports.broker};
  REQUIRE(administrator
            .call(request(remoting::request_code::update_broker_config, {},
                          "flushDiskType=ASYNC_FLUSH"))
            .code
          == 0);
  auto after = node.ask("config");
  REQUIRE(after);
  CHECK(at(*after, "value") == cell{"ASYNC_FLUSH"});
  CHECK(at(*after, "configured") == cell{"SYNC_FLUSH"});
  CHECK(at(*after, "configured", 1) == cell{});
}

TEST_CASE("admin: too big a line is refused") {
  scratch home;
  shell_node node{home.path()};
  CHECK(error_of(node.ask("ls", words(limits::admin_words_max + 1)))
        == errc::invalid_argument);
  CHECK(error_of(
          node.ask("ls", {std::string(limits::admin_text_bytes_max + 1, 'x')}))
        == errc::invalid_argument);
}

TEST_CASE("help: every example of every verb runs as it stands") {
  scratch home;
  shell_node node{home.path()};
  REQUIRE(node.ask("topic", {"create", "orders"}));
  REQUIRE(node.ask("send", {"orders", "x"}));
  REQUIRE(node.ask("group", {"create", "billing"}));
  auto actor = node.system().spawn(parrot);
  put(node, "/custom", actor);
  put(node, "/custom/wordcount", actor);
  app::surroundings world;
  world.ask = [&](const admin_request& x) {
    return node.ask(x.verb, x.arguments);
  };
  std::string printed;
  world.print = [&](const std::string& x) { printed += x; };
  world.sleep = [](std::chrono::milliseconds) {};
  world.assume_yes = false;
  auto run = [&](std::string_view name, std::string_view examples) {
    CAPTURE(name, printed);
    CHECK_FALSE(examples.empty());
    std::string text{examples};
    // What is made by an example may be there from the setting up.
    for (const auto* made : {"topic create", "group create"})
      if (auto place = text.find(made); place != text.npos)
        text.insert(place, "try ");
    auto lines = app::parse_script(text, std::string{name}, ".");
    REQUIRE(lines);
    auto code = app::interpreter{world}.run(*lines);
    CAPTURE(printed);
    CHECK(code == app::exit_code::good);
    CHECK(app::help(std::string{name}));
  };
  for (const auto& verb : all_verbs())
    run(verb.name, verb.examples);
  for (const auto& verb : app::local_verbs())
    if (verb.name != "include") // wants a file
      run(verb.name, verb.examples);
}

TEST_CASE("completion: verbs, actions and live names") {
  scratch home;
  shell_node node{home.path()};
  REQUIRE(node.ask("topic", {"create", "orders"}));
  REQUIRE(node.ask("group", {"create", "orderly"}));
  auto ask = [&](const admin_request& x) {
    return node.ask(x.verb, x.arguments);
  };
  auto offers = [&](const words& before, const char* partial) {
    return app::complete(before, partial, ask);
  };
  CHECK(offers({}, "topi") == words{"topic"});
  CHECK(offers({"topic"}, "de") == words{"describe", "delete"});
  CHECK(offers({"topic", "describe"}, "ord") == words{"orders"});
  CHECK(offers({"group", "describe"}, "ord") == words{"orderly"});
  CHECK(offers({"lag"}, "ord") == words{"orderly"});
  CHECK(offers({"show"}, "/lo") == words{"/log"});
  CHECK(offers({"ls"}, "/to") == words{"/topic/"}); // goes on below
  CHECK(offers({"show"}, "/topic/ord") == words{"/topic/orders"});
  CHECK(offers({"watch", "send"}, "ord") == words{"orders"});
  CHECK(offers({"show"}, "/nothing/").empty());
}
