#include "app/shell/interpreter.hpp"

#include "troupe/errc.hpp"

#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <fstream>

using namespace troupe;
using namespace troupe::app;

namespace {

/// A shell whose node is a function.
struct fake {
  std::vector<admin_request> asked;
  std::string printed;
  std::int64_t slept_ms = 0;
  std::function<caf::expected<table>(const admin_request&)> node =
    [](const admin_request& x) -> caf::expected<table> {
    if (x.verb == "fail")
      return make_error(errc::topic_not_found, "no such topic");
    if (x.verb == "nonsense")
      return make_error(errc::invalid_argument, "no verb is called `nonsense`");
    if (x.verb == "topic")
      return make_error(errc::invalid_argument, "topic can list, ...");
    table t;
    t.columns = {"name", "lag"};
    for (std::size_t i = 0; i < x.arguments.size(); ++i)
      t.rows.push_back({x.arguments[i], static_cast<int>(i)});
    return t;
  };
  surroundings world;

  fake() {
    world.ask = [this](const admin_request& x) {
      asked.push_back(x);
      return node(x);
    };
    world.print = [this](const std::string& x) { printed += x; };
    world.sleep = [this](std::chrono::milliseconds x) {
      slept_ms += x.count();
    };
  }

  exit_code run(const std::string& text) {
    auto lines = parse_script(text, "test", ".");
    REQUIRE(lines);
    interpreter shell{world};
    return shell.run(*lines);
  }
};

} // namespace

TEST_CASE("script: expectations on the last answer decide how it ends") {
  struct row {
    const char* name;
    const char* text;
    exit_code code;
    const char* says; // in what is printed
  };

  auto x = GENERATE(
    row{"holds", "rows a b\nexpect rows == 2", exit_code::good, ""},
    row{"field", "rows a b\nexpect name == a", exit_code::good, ""},
    row{"indexed", "rows a b\nexpect name[1] == b", exit_code::good, ""},
    row{"numbers compare as such",
        "rows a b c d e f g h i j k\n"
        "expect lag[10] > 9",
        exit_code::good, ""},
    row{"contains", "rows abc\nexpect name contains b", exit_code::good, ""},
    row{"matches", "rows abc\nexpect name matches '^a.c$'", exit_code::good,
        ""},
    row{"not so", "rows a\n\n# a comment\nexpect name == b",
        exit_code::unexpected,
        "test:4: invalid_argument: expected name == b, "
        "got a"},
    row{"no such field", "rows a\nexpect nmae == a", exit_code::unexpected,
        "no field nmae; it has name, lag"},
    row{"no such row", "rows\nexpect name == a", exit_code::unexpected,
        "0 rows"},
    row{"bad operation", "rows a\nexpect name ~ a", exit_code::misspelt,
        "no operation"},
    row{"bad pattern", "rows a\nexpect name matches '('", exit_code::misspelt,
        "no pattern"},
    row{"exit ends it well", "rows a\nexit\nfail", exit_code::good, ""},
    row{"exit ends it within a block, too",
        "repeat 3\necho $i\nexit\nend\nfail", exit_code::good, "1\n"},
    row{"a block without end", "repeat 3\necho $i", exit_code::misspelt,
        "test:1: this block has no end"},
    row{"a verb that nobody knows", "rows\nnonsense", exit_code::misspelt,
        "test:2: invalid_argument: no verb is called `nonsense`"},
    row{"a word that a known verb refuses", "topic nonsense",
        exit_code::refused, "test:1: invalid_argument"},
    row{"an error stops", "fail\nrows never", exit_code::refused,
        "test:1: topic_not_found"},
    row{"try goes on",
        "try fail\nexpect error == topic_not_found\nrows x\n"
        "expect error == none",
        exit_code::good, ""},
    row{"nothing asked", "expect rows == 0", exit_code::unexpected,
        "nothing was asked"},
    row{"unset variable", "echo $nobody", exit_code::misspelt, "never set"});
  CAPTURE(x.name);
  fake shell;
  CHECK(shell.run(x.text) == x.code);
  CAPTURE(shell.printed);
  CHECK(shell.printed.find(x.says) != std::string::npos);
}

TEST_CASE("script: blocks") {
  struct row {
    const char* name;
    const char* text;
    const char* echoes;
  };

  auto x =
    GENERATE(row{"repeat", "repeat 3\necho $i\nend\necho x", "1\n2\n3\nx\n"},
             row{"never", "repeat 0\necho $i\nend\necho x", "x\n"},
             row{"nested", "repeat 2\nset a $i\nrepeat 2\necho $a$i\nend\nend",
                 "11\n12\n21\n22\n"},
             row{"if", "if error == none\necho y\nend", "y\n"},
             row{"else", "if error != none\necho y\nelse\necho n\nend\necho z",
                 "n\nz\n"},
             row{"if skips its else",
                 "if error == none\necho y\nelse\necho n\nend", "y\n"},
             row{"if within repeat",
                 "repeat 2\nif error == none\necho y\nelse\necho n\nend\nend",
                 "y\ny\n"});
  CAPTURE(x.name);
  fake shell;
  CHECK(shell.run(x.text) == exit_code::good);
  CHECK(shell.printed == x.echoes);
}

TEST_CASE("script: blocks that do not fit are refused before anything runs") {
  auto text = GENERATE("rows a\nend", "rows a\nrepeat 2", "rows a\nelse",
                       "rows a\nrepeat 2\nelse\nend");
  CAPTURE(text);
  fake shell;
  CHECK(shell.run(text) == exit_code::misspelt);
  CHECK(shell.asked.empty());
}

TEST_CASE("script: fields of the answer become variables") {
  fake shell;
  CHECK(shell.run("rows first second\nset id $answer.name\nrows $id "
                  "$answer.rows")
        == exit_code::good);
  REQUIRE(shell.asked.size() == 2);
  CHECK(shell.asked[1].arguments == std::vector<std::string>{"first", "2"});
}

TEST_CASE("script: expect --within asks again until it holds") {
  fake shell;
  int round = 0;
  shell.node = [&](const admin_request&) -> caf::expected<table> {
    return fields_of({{"lag", ++round < 4 ? 5 : 0}});
  };
  CHECK(shell.run("lag g\nexpect lag == 0 --within 10") == exit_code::good);
  CHECK(round == 4);
  CHECK(shell.slept_ms == 300);
  round = -1'000'000;
  CHECK(shell.run("lag g\nexpect lag == 0 --within 0.05")
        == exit_code::unexpected);
}

TEST_CASE("script: includes are found beside the file, and end") {
  test::scratch home;
  std::ofstream{home / "a.tsh"} << "include b.tsh\necho a\n";
  std::ofstream{home / "b.tsh"} << "echo b\n";
  std::ofstream{home / "endless.tsh"} << "include endless.tsh\n";
  auto lines = load_script(home / "a.tsh");
  REQUIRE(lines);
  fake shell;
  CHECK(interpreter{shell.world}.run(*lines) == exit_code::good);
  CHECK(shell.printed == "b\na\n");
  auto endless = load_script(home / "endless.tsh");
  REQUIRE_FALSE(endless);
  CHECK(context_of(endless.error()).find("without end") != std::string::npos);
  CHECK_FALSE(load_script(home / "missing.tsh"));
}

TEST_CASE("what destroys asks a person, and takes --yes from others") {
  fake shell;
  shell.node = [](const admin_request& x) -> caf::expected<table> {
    if (!x.arguments.empty() && x.arguments.front() == "--yes")
      return note_of("done");
    return make_error(errc::not_confirmed,
                      "this would delete it; say --yes to do it");
  };
  SECTION("nobody is there") {
    CHECK(shell.run("drop it") == exit_code::refused);
    CHECK(shell.asked.size() == 1);
  }
  SECTION("the person says no") {
    shell.world.confirm = [](const std::string&) { return false; };
    CHECK(shell.run("drop it") == exit_code::good);
    CHECK(shell.printed == "left as it is\n");
    CHECK(shell.asked.size() == 1);
  }
  SECTION("the person says yes") {
    std::string question;
    shell.world.confirm = [&](const std::string& x) {
      question = x;
      return true;
    };
    CHECK(shell.run("drop it") == exit_code::good);
    CHECK(question == "this would delete it");
    CHECK(shell.printed == "done\n");
  }
  SECTION("the program was started with --yes") {
    shell.world.assume_yes = true;
    CHECK(shell.run("drop it") == exit_code::good);
    CHECK(shell.printed == "done\n");
    // Only what asks is told: other verbs know no such option.
    fake other;
    other.world.assume_yes = true;
    CHECK(other.run("rows a") == exit_code::good);
    CHECK(other.asked.at(0).arguments == std::vector<std::string>{"a"});
  }
}

TEST_CASE("watch asks as often as told, in place only on a terminal") {
  fake shell;
  CHECK(shell.run("watch --every 2 --count 3 rows a") == exit_code::good);
  CHECK(shell.asked.size() == 3);
  CHECK(shell.slept_ms == 4000);
  CHECK(shell.printed.find('\x1b') == std::string::npos);
  shell.world.redraw = true;
  shell.run("watch --count 1 rows a");
  CHECK(shell.printed.find("\x1b[H\x1b[J") != std::string::npos);
}

TEST_CASE("a person's blocks wait for their end") {
  fake shell;
  interpreter lines{shell.world};
  CHECK(lines.run_line("repeat 2") == exit_code::good);
  CHECK(lines.is_block_open());
  lines.run_line("echo $i");
  CHECK(shell.printed.empty());
  lines.run_line("end");
  CHECK_FALSE(lines.is_block_open());
  CHECK(shell.printed == "1\n2\n");
}

TEST_CASE("script: --json in a line makes its answer JSON, and no other's") {
  fake shell;
  CHECK(shell.run("rows a --json\nrows b\ntry fail --json\nrows -- --json\n"
                  "echo --json")
        == exit_code::good);
  CHECK(shell.printed.find(R"([{"name":"a","lag":0}])") == 0);
  CHECK(shell.asked.at(0).arguments == std::vector<std::string>{"a"});
  CHECK(shell.printed.find("\nname") != std::string::npos); // of b
  CHECK(shell.asked.at(3).arguments
        == std::vector<std::string>{"--", "--json"});
  CHECK(shell.printed.ends_with("--json\n"));
  fake failing;
  CHECK(failing.run("fail --json") == exit_code::refused);
  CHECK(failing.printed.find(R"({"error":"topic_not_found")") == 0);
}
