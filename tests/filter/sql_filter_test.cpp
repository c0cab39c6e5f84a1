/// SQL92 filters: the rules one by one, what is refused and where, and a table
/// of RocketMQ's own verdicts.
#include "filter/sql_filter.hpp"

#include "support/catch.hpp"
#include "support/source_directory.hpp"

#include <algorithm>
#include <fstream>
#include <string>

using namespace troupe;

namespace {

/// `a=1;b=x` as a property text.
std::string text_of(std::string_view short_form) {
  std::string text;
  for (auto x : short_form)
    text += x == '=' ? '\x01' : x == ';' ? '\x02' : x;
  return text;
}

std::string to_string(sql_verdict x) {
  switch (x) {
    case sql_verdict::no:
      return "no";
    case sql_verdict::yes:
      return "yes";
    case sql_verdict::unknown:
      return "unknown";
    case sql_verdict::failed:
      return "failed";
  }
  return "";
}

std::string verdict(std::string_view expression, std::string_view properties) {
  auto filter = sql_filter::compile(expression);
  if (!filter)
    return "refused";
  return to_string((*filter)->evaluate(text_of(properties)));
}

struct rule {
  const char* expression;
  const char* properties;
  const char* verdict;
};

} // namespace

TEST_CASE("sql_filter: every operator and what null and types do to it") {
  auto row = GENERATE(values<rule>({
    // Logic.
    {"a = 1 OR b = 2", "a=1", "yes"},
    {"a = 1 OR b = 2", "a=2", "unknown"},
    {"a = 1 OR b = 2", "a=2;b=3", "no"},
    {"a = 1 AND b = 2", "a=2", "no"},
    {"a = 1 AND b = 2", "a=1", "unknown"},
    {"a = 1 AND b = 2", "a=1;b=2", "yes"},
    {"NOT (a = 1)", "a=2", "yes"},
    {"NOT (a = 1)", "", "unknown"},
    {"a = 1 OR b > 'x'", "a=1", "refused"},
    {"a = 1 OR b > 2", "a=1;b=x", "yes"}, // never looked at
    {"a = 1 OR b > 2", "a=2;b=x", "failed"},
    {"a = 1 AND b > 2", "a=2;b=x", "no"},
    {"a = 1 or b = 2 and c = 3", "a=1", "yes"}, // AND binds tighter
    {"(a = 1 or b = 2) and c = 3", "a=1;c=4", "no"},
    {"NOT a = 1", "a=1", "no"}, // NOT binds tighter than =
    // A bare name is no truth, whatever it says.
    {"a", "a=true", "no"},
    {"a", "", "unknown"},
    {"TRUE", "", "yes"},
    {"FALSE", "", "no"},
    {"NULL", "", "unknown"},
    // Equality.
    {"a = 'x'", "a=x", "yes"},
    {"a = 'x'", "a=y", "no"},
    {"a = 'x'", "", "unknown"},
    {"'x' = a", "", "no"}, // the right side is null
    {"a = b", "", "yes"},  // both are
    {"a <> 'x'", "a=y", "yes"},
    {"a <> 'x'", "", "unknown"},
    {"a = 1", "a=01", "yes"},
    {"a = 1", "a=1.0", "failed"}, // no whole number
    {"a = 1.0", "a=1", "yes"},
    {"a = TRUE", "a=TrUe", "yes"},
    {"a = TRUE", "a=1", "no"},
    {"TRUE = a", "a=true", "failed"},
    {"1 = 1.0", "", "yes"},
    {"1 = 1L", "", "yes"},
    {"1 = 'x'", "", "failed"},
    {"a IS NULL", "", "yes"},
    {"a IS NULL", "a=1", "no"},
    {"a IS NOT NULL", "a=1", "yes"},
    {"a IS NOT NULL", "", "no"},
    // Order.
    {"a > 5", "a=6", "yes"},
    {"a > 5", "a=5", "no"},
    {"a >= 5", "a=5", "yes"},
    {"a < 5", "a=5", "no"},
    {"a <= 5", "a=5", "yes"},
    {"a > 5", "", "unknown"},
    {"a > 5", "a=six", "failed"},
    {"a > b", "a=10;b=9", "yes"}, // as numbers, not as texts
    {"a > b", "a=x;b=9", "failed"},
    {"a > 9999999999", "a=10000000000", "yes"},
    {"a < .5", "a=0x1p-2", "yes"},
    {"a > 1.5", "a=NaN", "yes"}, // Java's order of doubles
    {"a BETWEEN 1 AND 3", "a=1", "yes"},
    {"a BETWEEN 1 AND 3", "a=3", "yes"},
    {"a BETWEEN 1 AND 3", "a=4", "no"},
    {"a BETWEEN b AND c", "a=2;b=1;c=3", "yes"},
    {"a NOT BETWEEN 1 AND 3", "a=4", "yes"},
    {"a NOT BETWEEN 3 AND 1", "a=2", "yes"}, // RocketMQ does not mind
    {"a BETWEEN 1 AND 3 AND b = 1", "a=2;b=1", "yes"},
    // Signs.
    {"a = -1", "a=-1", "yes"},
    {"a = - - 1", "a=1", "yes"},
    {"a = --1", "a=1", "yes"}, // no line end: no comment
    {"a = +1", "a=1", "yes"},
    {"-a IS NULL", "a=1", "yes"}, // a property is a text
    // Lists and searches.
    {"a IN ('x', 'y')", "a=y", "yes"},
    {"a IN ('x', 'y')", "a=z", "no"},
    {"a IN ('x')", "", "unknown"},
    {"a NOT IN ('x')", "a=z", "yes"},
    {"a NOT IN ('x')", "", "unknown"},
    {"a CONTAINS 'b'", "a=abc", "yes"},
    {"a CONTAINS ''", "a=abc", "no"},
    {"a CONTAINS 'b'", "", "no"},
    {"a NOT CONTAINS 'b'", "", "no"}, // also with NOT
    {"a NOT CONTAINS 'b'", "a=xyz", "yes"},
    {"a STARTSWITH 'ab'", "a=abc", "yes"},
    {"a NOT STARTSWITH 'ab'", "a=abc", "no"},
    {"a ENDSWITH 'bc'", "a=abc", "yes"},
    {"a NOT ENDSWITH 'bc'", "a=abx", "yes"},
    {"a = 'it''s'", "a=it's", "yes"},
    // Words and blanks.
    {"a\t=\n'x'\f", "a=x", "yes"},
    {"a = 1 -- this\nAND b = 2 /* and * that */", "a=1;b=2", "yes"},
    {"a = 1 -- the rest", "a=1", "yes"},
    {"$a_1 = 1", "$a_1=1", "yes"},
    {"A = 1", "a=1", "unknown"}, // names have a case
    {"a BeTwEeN 1 aNd 2", "a=2", "yes"},
    {"android = 1 or origin = 1", "origin=1", "yes"},
  }));
  CAPTURE(row.expression, row.properties);
  CHECK(verdict(row.expression, row.properties) == row.verdict);
}

TEST_CASE("sql_filter: a bad expression is refused with place and reason") {
  struct refusal {
    const char* expression;
    int position; // from 1
    const char* reason;
  };

  auto row = GENERATE(values<refusal>({
    {"", 1, "the expression ends"},
    {"a >", 4, "the expression ends"},
    {"a > > 1", 5, "there is `>`"},
    {"a = 1 b", 7, "where an operator belongs"},
    {"a = 1 AND", 10, "the expression ends"},
    {"a LIKE 'x%'", 3, "there is `LIKE`"},
    {"(a = 1", 1, "never closed"},
    {"a = 1)", 6, "never opened"},
    {"a = 'x", 5, "has no end"},
    {"a = \"x\"", 5, "single quotes"},
    {"a = 1 /* x", 7, "comment has no end"},
    {"a = NULL", 3, "IS NULL"},
    {"a > 'x'", 3, "numbers and properties only"},
    {"a > TRUE", 3, "numbers and properties only"},
    {"a > 1 > 2", 7, "numbers and properties only"},
    {"TRUE = 1", 6, "another type"},
    {"a BETWEEN 3 AND 1", 3, "above the upper"},
    {"a BETWEEN 1 OR 3", 13, "upper bound"},
    {"a BETWEEN 'x' AND 'y'", 3, "numbers and properties only"},
    {"a IN (1)", 7, "single quotes"},
    {"a IN ('x' 'y')", 11, "a comma or )"},
    {"'x' IN ('x')", 5, "a property on its left"},
    {"a IS 1", 6, "NULL or NOT NULL"},
    {"a NOT 1", 7, "BETWEEN, IN"},
    {"a CONTAINS 1", 12, "single quotes"},
    {"1", 1, "a condition belongs here"},
    {"a = 1 AND 2", 7, "a condition belongs here"},
    {"a = 9223372036854775808", 5, "64 bits"},
    {"a = 0.0", 5, "smallest floating point"},
    {"a = 1e400", 5, "largest floating point"},
    {"a = 01", 6, "there is `1`"},
    {"a # 1", 3, "means nothing here"},
  }));
  CAPTURE(row.expression);
  auto made = sql_filter::compile(row.expression);
  REQUIRE_FALSE(made);
  CHECK(is(made.error(), errc::bad_expression));
  auto context = context_of(made.error());
  CAPTURE(context);
  CHECK(context.find("position " + std::to_string(row.position) + ":")
        != context.npos);
  CHECK(context.find(row.reason) != context.npos);
}

TEST_CASE("sql_filter: depth, length and names have their bounds") {
  auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "a = 1" + std::string(depth, ')');
  };
  CHECK(sql_filter::compile(nested(limits::sql_depth_max - 1)));
  CHECK_FALSE(sql_filter::compile(nested(limits::sql_depth_max + 1)));
  CHECK_FALSE(
    sql_filter::compile(nested(limits::sql_expression_bytes_max / 3)));
  std::string signs;
  for (std::size_t i = 0; i < limits::sql_depth_max + 1; ++i)
    signs += "NOT ";
  CHECK_FALSE(sql_filter::compile(signs + "a"));
  std::string chain = "a = 1";
  while (chain.size() + 9 < limits::sql_expression_bytes_max)
    chain += " OR a = 1";
  CHECK(sql_filter::compile(chain));
  CHECK_FALSE(sql_filter::compile(
    chain + std::string(limits::sql_expression_bytes_max, ' ')));
  std::string names = "n0";
  for (std::size_t i = 1; i < limits::sql_names_max; ++i)
    names += " OR n" + std::to_string(i);
  CHECK(sql_filter::compile(names));
  CHECK_FALSE(sql_filter::compile(names + " OR one_more"));
}

TEST_CASE("sql_filter: of a property that stands twice the last one counts") {
  CHECK(verdict("a = 2", "a=1;b=3;a=2") == "yes");
}

TEST_CASE("sql_filter: verdicts are RocketMQ's") {
  std::ifstream file{test::source_directory()
                     / "tests/filter/sql_verdicts.txt"};
  REQUIRE(file);
  std::string line;
  int rows = 0;
  while (std::getline(file, line)) {
    if (line.starts_with('#'))
      continue;
    auto first = line.find('\t');
    auto last = line.rfind('\t');
    REQUIRE(first < last);
    auto expression = line.substr(0, first);
    for (auto at = expression.find("\\n"); at != expression.npos;
         at = expression.find("\\n"))
      expression.replace(at, 2, "\n");
    CAPTURE(line);
    CHECK(verdict(expression, line.substr(first + 1, last - first - 1))
          == line.substr(last + 1));
    ++rows;
  }
  CHECK(rows == 1000);
}
