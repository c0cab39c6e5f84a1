/// What stands on the command line of the shell.
#include "app/shell/shell_options.hpp"

#include "support/catch.hpp"

using namespace troupe;
using namespace troupe::app;

using words = std::vector<std::string>;

TEST_CASE("shell_options: --json stands wherever options do") {
  auto given =
    GENERATE(words{"--json", "-c", "ls /"}, words{"-c", "ls /", "--json"},
             words{"127.0.0.1:1", "--json", "-c", "ls /"});
  auto options = parse_shell_options(given);
  REQUIRE(options);
  CHECK(options->json);
  CHECK(options->command == "ls /");
}

TEST_CASE("shell_options: what stands behind a script is the script's") {
  auto options = parse_shell_options({"--json", "a.tsh", "--json", "-c"});
  REQUIRE(options);
  CHECK(options->json);
  CHECK(options->script == "a.tsh");
  CHECK(options->words == words{"--json", "-c"});
}

TEST_CASE("shell_options: a verb's options may stand before it") {
  struct row {
    const char* name;
    words given;
    words taken;
  };

  auto x =
    GENERATE(row{"none", {"lag", "--json"}, {}},
             row{"a flag", {"--json", "lag", "g"}, {"--json"}},
             row{"with a value",
                 {"--at", "h:1", "--yes", "lag"},
                 {"--at", "h:1", "--yes"}},
             row{"joined to its value", {"--at=h:1", "lag"}, {"--at=h:1"}},
             row{"the program's own", {"--version"}, {}},
             row{"nothing behind", {"--json"}, {"--json"}});
  CAPTURE(x.name);
  auto left = x.given;
  CHECK(take_leading_options(left) == x.taken);
  CHECK(left
        == words(x.given.begin() + static_cast<std::ptrdiff_t>(x.taken.size()),
                 x.given.end()));
}

TEST_CASE("shell_options: wrong ones are refused with what to do") {
  auto missing = parse_shell_options({"-c"});
  REQUIRE_FALSE(missing);
  CHECK(context_of(missing.error())
        == "-c needs a line, such as -c 'ls "
           "/topic'");
  auto unknown = parse_shell_options({"--jsn"});
  REQUIRE_FALSE(unknown);
  CHECK(context_of(unknown.error()).find("troupe shell --help")
        != std::string::npos);
  auto node = parse_verb_options({"lag", "--at"});
  REQUIRE_FALSE(node);
  CHECK(context_of(node.error()) == "--at needs a value");
  auto port = parse_verb_options({"lag", "--at", "h:x"});
  REQUIRE_FALSE(port);
  CHECK(context_of(port.error()) == "`h:x` has no port behind its colon");
}
