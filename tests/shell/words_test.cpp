#include "app/shell/words.hpp"

#include "troupe/errc.hpp"

#include "support/catch.hpp"

using namespace troupe;
using namespace troupe::app;

namespace {

std::optional<std::string> value_of(std::string_view name) {
  if (name == "who")
    return "big world";
  if (name == "answer.lag")
    return "7";
  return {};
}

using words = std::vector<std::string>;

} // namespace

TEST_CASE("words: a line is cut at blanks, quotes and comments") {
  struct row {
    const char* name;
    const char* line;
    words expected;
  };

  auto x = GENERATE(
    row{"empty", "", {}}, row{"blanks", " \t ", {}},
    row{"plain", "  ls   /topic ", {"ls", "/topic"}},
    row{"single quotes", "a 'b $who \\n' c", {"a", "b $who \\n", "c"}},
    row{"double quotes", R"("a b" "x\ny\t\"\\\$")", {"a b", "x\ny\t\"\\$"}},
    row{"empty word", "send t ''", {"send", "t", ""}},
    row{"joined", "a'b c'\"d\"e", {"ab cde"}},
    row{"escape", "a\\ b \\$who", {"a b", "$who"}},
    row{"comment", "ls # all", {"ls"}}, row{"hash inside", "a#b", {"a#b"}},
    row{"variable is one word", "echo $who", {"echo", "big world"}},
    row{"variable in quotes", "\"<$who>\"", {"<big world>"}},
    row{"braces", "${who}s", {"big worlds"}},
    row{"field", "x$answer.lag", {"x7"}},
    row{"variable and a dot", "$who.txt", {"big world.txt"}},
    row{"dollar alone", "5 $ $", {"5", "$", "$"}});
  CAPTURE(x.name);
  auto cut = split_words(x.line, value_of);
  REQUIRE(cut);
  CHECK(*cut == x.expected);
}

TEST_CASE("words: what is open or was never set is an error that says so") {
  auto x =
    GENERATE(std::pair{"a 'b", "not closed"}, std::pair{"a \"b", "not closed"},
             std::pair{"${who", "not closed"}, std::pair{"$nobody", "$nobody"},
             std::pair{"$answer.nothing", "$answer.nothing"});
  CAPTURE(x.first);
  auto cut = split_words(x.first, value_of);
  REQUIRE_FALSE(cut);
  CHECK(is(cut.error(), errc::invalid_argument));
  CHECK(context_of(cut.error()).find(x.second) != std::string::npos);
}

TEST_CASE("words: what is quoted comes back as one word") {
  auto text = GENERATE(std::string{}, "plain", "two words", "it's", "a\"b\\c$d",
                       "#x", "tab\there");
  auto cut = split_words(quoted(text), value_of);
  REQUIRE(cut);
  CHECK(*cut == words{text});
}
