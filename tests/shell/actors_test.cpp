#include "shell/shell_node.hpp"

#include "admin/broker_link.hpp"
#include "admin/live.hpp"
#include "admin/moment.hpp"

#include "support/eventually.hpp"
#include "support/scratch.hpp"

#include <future>

using namespace troupe;
using namespace troupe::test;

namespace {

errc error_of(const caf::expected<table>& answer) {
  return answer ? errc::none : errc_of(answer.error());
}

/// The row whose first cell is `name`, or none.
std::optional<std::size_t> row_of(const table& answer,
                                  const std::string& name) {
  for (std::size_t i = 0; i < answer.rows.size(); ++i)
    if (answer.rows[i].front().text == name)
      return i;
  return {};
}

/// A topic `t` with one queue and five messages, and a group `g` at 2.
void set_up(shell_node& node) {
  REQUIRE(node.ask("topic", {"create", "t", "--queues", "1"}));
  REQUIRE(node.ask("send", {"t", "x", "--count", "5"}));
  REQUIRE(node.ask("group", {"create", "g"}));
  auto two = node.ask("consume", {"g", "t", "--count", "2"});
  REQUIRE(two);
  REQUIRE(two->rows.size() == 2);
}

} // namespace

TEST_CASE("consume: progress goes on with what is shown") {
  scratch home;
  shell_node node{home.path()};
  set_up(node);
  auto rest = node.ask("consume", {"g", "t"});
  REQUIRE(rest);
  CHECK(rest->rows.size() == 3);
  CHECK(at(*rest, "offset") == cell{2});
  auto none = node.ask("consume", {"g", "t"});
  REQUIRE(none);
  CHECK(none->rows.empty());
  auto lag = node.ask("lag", {"g"});
  REQUIRE(lag);
  CHECK(at(*lag, "lag") == cell{0});
  CHECK(at(*lag, "reason") == cell{"caught up"});
}

TEST_CASE("kill: a group comes back with its progress") {
  scratch home;
  shell_node node{home.path()};
  set_up(node);
  CHECK(error_of(node.ask("kill", {"/group/g"})) == errc::not_confirmed);
  REQUIRE(node.ask("kill", {"/group/g", "--yes"}));
  auto restarts = [&] {
    auto ps = node.ask("ps", {"/group/g", "--for", "10"});
    REQUIRE(ps);
    return ps->rows.empty() ? cell{-1} : at(*ps, "restarts");
  };
  // Whoever asks before its death is heard of is told to ask again.
  auto next = node.ask("consume", {"g", "t"});
  for (int i = 0; i < 100 && !next; ++i)
    next = node.ask("consume", {"g", "t"});
  REQUIRE(next);
  REQUIRE(next->rows.size() == 3);
  CHECK(at(*next, "offset") == cell{2});
  CHECK(restarts() == cell{1});
}

TEST_CASE("kill: what would lose messages is refused") {
  scratch home;
  shell_node node{home.path()};
  set_up(node);
  for (auto path : {"/log", "/store", "/directory", "/gateway", "/topic/t",
                    "/queue/t/0", "/scheduler"}) {
    CAPTURE(path);
    CHECK(error_of(node.ask("kill", {path, "--yes"})) == errc::no_permission);
  }
  CHECK(node.ask("send", {"t", "still there"}));
}

TEST_CASE("pause: a group gets nothing until it is resumed") {
  scratch home;
  shell_node node{home.path()};
  set_up(node);
  REQUIRE(node.ask("pause", {"/group/g"}));
  CHECK(error_of(node.ask("consume", {"g", "t"})) == errc::no_permission);
  auto lag = node.ask("lag", {"g"});
  REQUIRE(lag);
  CHECK(at(*lag, "reason").text.find("paused") != std::string::npos);
  REQUIRE(node.ask("resume", {"/group/g"}));
  CHECK(node.ask("consume", {"g", "t"}));
  CHECK(error_of(node.ask("pause", {"/log"})) == errc::not_supported);
}

TEST_CASE("ps: what actors do is counted") {
  scratch home;
  shell_node node{home.path()};
  set_up(node);
  REQUIRE(node.ask("send", {"t", "x", "--count", "200"}));
  auto all = node.ask("ps", {"--for", "10"});
  REQUIRE(all);
  for (auto path : {"/log", "/gateway", "/directory", "/topic/t", "/group/g"}) {
    CAPTURE(path);
    auto row = row_of(*all, path);
    REQUIRE(row);
    CHECK(at(*all, "mailbox", *row).kind == cell_kind::number);
    CHECK(at(*all, "bytes", *row).number > 100);
  }
  // Those with threads of their own, too.
  for (auto path : {"/store", "/flusher", "/key-index", "/retention"}) {
    CAPTURE(path);
    auto row = row_of(*all, path);
    REQUIRE(row);
    CHECK(at(*all, "busy", *row).kind == cell_kind::real);
    CHECK(at(*all, "bytes", *row).number > 100);
  }
  CHECK_FALSE(row_of(*all, "/queue/t/0"));
  // By now it has waited for, and handled, some hundred messages.
  auto log = row_of(*all, "/log");
  CHECK(at(*all, "wait_p99_us", *log).number > 0);
  auto queues = node.ask("ps", {"/queue/t", "--for", "10"});
  REQUIRE(queues);
  CHECK(queues->rows.size() == 1);
  CHECK(row_of(*queues, "/queue/t/0"));
  auto few = node.ask("ps", {"--for", "10", "--by", "bytes", "--limit", "3"});
  REQUIRE(few);
  REQUIRE(few->rows.size() == 3);
  CHECK(at(*few, "bytes", 0).number >= at(*few, "bytes", 2).number);
  CHECK(error_of(node.ask("ps", {"--by", "beauty"})) == errc::invalid_argument);
}

TEST_CASE("tap: tells what came, and ends by itself") {
  scratch home;
  shell_node node{home.path()};
  set_up(node);
  caf::scoped_actor self{node.system()};
  auto tapping = self->request(
    node.cast().admin, std::chrono::seconds{30},
    admin_request{"tap", {"/log", "--for", "20000", "--count", "40"}});
  // It ends with the fortieth message, long before its time.
  for (int i = 0; i < 2000; ++i)
    if (auto* log = meter_of(
          caf::actor_cast<caf::strong_actor_ptr>(node.cast().commit_log));
        log->own_meter().is_tapped())
      break;
  REQUIRE(node.ask("send", {"t", "x", "--count", "100"}));
  std::move(tapping).receive(
    [](const table& x) {
      auto row = row_of(x, "append_batch");
      REQUIRE(row);
      CHECK(at(x, "count", *row).number > 0);
      CHECK(at(x, "mean_us", *row).real >= 0);
      CHECK(x.note.find("40 messages") == 0);
      CHECK(x.note.find("tapping cost") != std::string::npos);
    },
    [](const caf::error& e) { FAIL(describe(e)); });
  auto* log =
    meter_of(caf::actor_cast<caf::strong_actor_ptr>(node.cast().commit_log));
  CHECK_FALSE(log->own_meter().is_tapped());
  CHECK(error_of(node.ask("tap", {"/topic/nothing"})) == errc::path_not_found);
}

TEST_CASE("tap: a node that ends does not wait for it") {
  scratch home;
  std::chrono::steady_clock::time_point began;
  std::future<bool> seen;
  {
    shell_node node{home.path()};
    std::promise<void> asked;
    seen = std::async(std::launch::async, [&node, &asked] {
      caf::scoped_actor self{node.system()};
      auto tapping =
        self->request(node.cast().admin, std::chrono::seconds{70},
                      admin_request{"tap", {"/log", "--for", "60000"}});
      asked.set_value();
      auto good = false;
      tapping.receive([&](const table&) { good = true; },
                      [](const caf::error&) {});
      return good;
    });
    asked.get_future().wait();
    auto* log =
      meter_of(caf::actor_cast<caf::strong_actor_ptr>(node.cast().commit_log));
    REQUIRE(eventually([&] { return log->own_meter().is_tapped(); }));
    began = std::chrono::steady_clock::now();
  }
  CHECK(seen.get()); // with what it has seen until then
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{20});
}

TEST_CASE("where: the life of a message by key and by id") {
  scratch home;
  shell_node node{home.path()};
  set_up(node);
  auto sent = node.ask("send", {"t", "x", "--key", "k-1"});
  REQUIRE(sent);
  // A copy that group g has sent back, as its consumers would.
  REQUIRE(node.ask("send", {"%RETRY%g", "x", "--property",
                            "UNIQ_KEY=" + at(*sent, "id").text}));
  auto life = node.ask("where", {"key=k-1"});
  REQUIRE(life);
  auto has = [&](const char* step, const char* what) {
    for (std::size_t i = 0; i < life->rows.size(); ++i)
      if (at(*life, "step", i) == cell{step}
          && at(*life, "what", i).text.find(what) != std::string::npos)
        return true;
    return false;
  };
  CHECK(has("produced", "127.0.0.1"));
  CHECK(has("stored", "/queue/t/0 at 5"));
  CHECK(has("awaited", "group g, 3 messages before it"));
  CHECK(has("retried", "for group g"));
  REQUIRE(node.ask("consume", {"g", "t"}));
  life = node.ask("where", {"id=" + at(*sent, "id").text, "--topic", "t"});
  REQUIRE(life);
  CHECK(has("acknowledged", "group g, which is at 6"));
  life = node.ask("where", {"id=" + at(*sent, "offset_id").text});
  REQUIRE(life);
  CHECK(has("stored", "/queue/t/0 at 5"));
  CHECK(error_of(node.ask("where", {"key=nobody"})) == errc::message_not_found);
  CHECK(error_of(node.ask("where", {"nobody"})) == errc::invalid_argument);
}

TEST_CASE("offset reset: by end, number and time") {
  scratch home;
  shell_node node{home.path()};
  set_up(node);
  auto becomes = [&](const char* to) {
    auto answer =
      node.ask("offset", {"reset", "g", "t", "--to", to, "--dry-run"});
    REQUIRE(answer);
    CHECK(at(*answer, "progress") == cell{2});
    return at(*answer, "becomes");
  };
  CHECK(becomes("first") == cell{0});
  CHECK(becomes("last") == cell{5});
  CHECK(becomes("@3") == cell{3});
  CHECK(becomes("@99") == cell{5});
  CHECK(becomes("-1h") == cell{0});
  CHECK(becomes("2020-01-01") == cell{0});
  CHECK(error_of(node.ask("offset", {"reset", "g", "t", "--to", "first"}))
        == errc::not_confirmed);
  CHECK(error_of(node.ask("offset", {"reset", "g", "t", "--to", "noon"}))
        == errc::invalid_argument);
  REQUIRE(node.ask("offset", {"reset", "g", "t", "--to", "first", "--yes"}));
  auto again = node.ask("lag", {"g"});
  REQUIRE(again);
  CHECK(at(*again, "lag") == cell{5});
}

TEST_CASE("dlq: dead letters are listed and sent again") {
  scratch home;
  shell_node node{home.path()};
  set_up(node);
  auto none = node.ask("dlq", {"list", "g"});
  REQUIRE(none);
  CHECK(none->rows.empty());
  REQUIRE(node.ask(
    "send", {"%DLQ%g", "sorry", "--key", "k", "--property", "RETRY_TOPIC=t"}));
  auto letters = node.ask("dlq", {"list", "g"});
  REQUIRE(letters);
  REQUIRE(letters->rows.size() == 1);
  CHECK(at(*letters, "origin") == cell{"t"});
  CHECK(at(*letters, "body") == cell{"sorry"});
  CHECK(error_of(node.ask("dlq", {"resend", "g"})) == errc::not_confirmed);
  auto sent = node.ask("dlq", {"resend", "g", "--yes"});
  REQUIRE(sent);
  CHECK(at(*sent, "topic") == cell{"t"});
  auto last = node.ask("pull", {"t", "--count", "1"});
  REQUIRE(last);
  CHECK(at(*last, "body") == cell{"sorry"});
  CHECK(at(*last, "key") == cell{"k"});
  CHECK(at(*last, "properties").text.find("RETRY_TOPIC") == std::string::npos);
  CHECK(error_of(node.ask("dlq", {"list", "nobody"})) == errc::group_not_found);
}

TEST_CASE("timers: a delayed message waits at its level") {
  scratch home;
  shell_node node{home.path()};
  set_up(node);
  REQUIRE(node.ask("send", {"t", "later", "--delay-level", "18"}));
  auto waiting = node.ask("timers");
  REQUIRE(waiting);
  REQUIRE(waiting->rows.size() == 1);
  CHECK(at(*waiting, "level") == cell{18});
  CHECK(at(*waiting, "waiting") == cell{1});
  auto all = node.ask("timers", {"--all"});
  REQUIRE(all);
  CHECK(all->rows.size() == 18);
}

TEST_CASE("tree and explain: who watches whom, and what goes on") {
  scratch home;
  shell_node node{home.path()};
  set_up(node);
  auto tree = node.ask("tree", {"--queues"});
  REQUIRE(tree);
  CHECK(row_of(*tree, "supervisor"));
  CHECK(row_of(*tree, "      queue"));
  auto busy = node.ask("explain", {"busy", "--for", "10"});
  REQUIRE(busy);
  CHECK(row_of(*busy, "reactor"));
  CHECK(row_of(*busy, "/log"));
  CHECK(error_of(node.ask("explain", {"life"})) == errc::invalid_argument);
}

TEST_CASE("custom actors: spawned, shown, asked, ended") {
  scratch home;
  shell_node node{home.path()};
  set_up(node);
  auto types = node.ask("types");
  REQUIRE(types);
  CHECK(row_of(*types, "pass"));
  CHECK(error_of(node.ask("spawn", {"nothing", "x"})) != errc::none);
  CHECK(error_of(node.ask("spawn", {"pass", "x", "topic"}))
        == errc::invalid_argument);
  auto made = node.ask("spawn", {"pass", "all", "topic=t"});
  if (!made)
    FAIL(describe(made.error()));
  REQUIRE(node.ask("send", {"t", "x"}));
  auto shown = node.ask("show", {"/custom/all"});
  REQUIRE(shown);
  CHECK(at(*shown, "type") == cell{"pass"});
  CHECK(at(*shown, "intercepted") == cell{1});
  auto listed = node.ask("ls", {"/custom"});
  REQUIRE(listed);
  CHECK(row_of(*listed, "/custom/all"));
  auto ps = node.ask("ps", {"/custom", "--for", "10"});
  REQUIRE(ps);
  REQUIRE(row_of(*ps, "/custom/all"));
  CHECK(at(*ps, "state") == cell{"running"});
  CHECK(at(*ps, "mailbox").kind == cell_kind::number);
  CHECK(at(*ps, "busy").kind == cell_kind::real);
  CHECK(at(*ps, "wait_p99_us").number > 0);
  CHECK(at(*ps, "bytes").number > 100);
  CHECK(node.ask("tap", {"/custom/all", "--for", "10"}));
  CHECK(error_of(node.ask("tell", {"/custom/none", "hello"}))
        == errc::path_not_found);
  REQUIRE(node.ask("kill", {"/custom/all", "--yes"}));
  CHECK(node.ask("show", {"/custom/all"}));
  CHECK(error_of(node.ask("unspawn", {"all"})) == errc::not_confirmed);
  REQUIRE(node.ask("unspawn", {"all", "--yes"}));
  CHECK(error_of(node.ask("show", {"/custom/all"})) == errc::path_not_found);
}

TEST_CASE("tx: open transactions are listed, committed and rolled back") {
  scratch home;
  shell_node node{home.path()};
  set_up(node);
  auto none = node.ask("tx", {"list"});
  REQUIRE(none);
  CHECK(none->rows.empty());
  for (auto body : {"kept", "dropped"}) {
    auto link = broker_link::open("127.0.0.1", node.cast().ports.broker);
    REQUIRE(link);
    auto prepare =
      remoting::make_request(remoting::request_code::send_message_v2);
    prepare.fields = {{"a", "PG"},
                      {"b", "t"},
                      {"c", "TBW102"},
                      {"d", "4"},
                      {"e", "0"},
                      {"f", "4"},
                      {"g", "1700000000000"},
                      {"h", "0"},
                      {"i", std::string{"TRAN_MSG\x01true\x02PGROUP\x01PG\x02"
                                        "UNIQ_KEY\x01"}
                              + body + "\x02"},
                      {"j", "0"},
                      {"k", "false"},
                      {"m", "false"}};
    prepare.body = payload::copy_of(body);
    auto sent = link->call(std::move(prepare), std::chrono::seconds{5});
    REQUIRE(sent);
    REQUIRE(sent->code == 0);
  }
  auto open = node.ask("tx", {"list"});
  REQUIRE(open);
  REQUIRE(open->rows.size() == 2);
  CHECK(at(*open, "topic") == cell{"t"});
  CHECK(at(*open, "group") == cell{"PG"});
  auto first = std::to_string(at(*open, "position", 0).number);
  auto second = std::to_string(at(*open, "position", 1).number);
  CHECK(error_of(node.ask("tx", {"commit", first})) == errc::not_confirmed);
  REQUIRE(node.ask("tx", {"commit", first, "--yes"}));
  REQUIRE(node.ask("tx", {"rollback", second, "--yes"}));
  open = node.ask("tx", {"list"});
  REQUIRE(open);
  CHECK(open->rows.empty());
  auto seen = node.ask("pull", {"t", "--from", "5"});
  REQUIRE(seen);
  REQUIRE(seen->rows.size() == 1);
  CHECK(at(*seen, "body") == cell{"kept"});
  CHECK(error_of(node.ask("tx", {"commit", "17", "--yes"}))
        == errc::transaction_not_found);
}

TEST_CASE("moments: as people write them") {
  epoch_ms now{1'700'000'000'000};

  struct row {
    const char* text;
    std::optional<std::int64_t> ms;
  };

  auto x = GENERATE(
    row{"0", 0}, row{"1700000000000", 1'700'000'000'000},
    row{"-10m", 1'699'999'400'000}, row{"-2h", 1'699'992'800'000},
    row{"1970-01-02", 86'400'000}, row{"1970-01-01T00:01", 60'000},
    row{"1970-01-01T00:00:01Z", 1000}, row{"", {}}, row{"-10", {}},
    row{"-m", {}}, row{"noon", {}}, row{"1970-13-01", {}}, row{"12x", {}});
  CAPTURE(x.text);
  auto moment = read_moment(x.text, now);
  CHECK(moment.has_value() == x.ms.has_value());
  if (moment && x.ms)
    CHECK(moment->value == *x.ms);
}

TEST_CASE("meter: waits fall into buckets that are a quarter wide") {
  wait_histogram waits;
  CHECK(waits.percentile_us(0.99) == -1);
  for (int i = 0; i < 99; ++i)
    waits.add(10'000); // 10 us
  waits.add(1'000'000'000);
  auto p99 = waits.percentile_us(0.99);
  CHECK(p99 >= 10);
  CHECK(p99 <= 13);
  auto most = waits.percentile_us(1.0);
  CHECK(most >= 1'000'000);
  CHECK(most <= 1'250'000);
  for (std::int64_t us : {0, 1, 3, 4, 5, 7, 8, 100, 12345}) {
    wait_histogram one;
    one.add(us * 1000);
    CAPTURE(us);
    CHECK(one.percentile_us(0.5) > us);
    CHECK(one.percentile_us(0.5) <= us + us / 4 + 1);
  }
}
