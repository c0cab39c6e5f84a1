#include "app/shell/printer.hpp"

#include "troupe/errc.hpp"

#include "support/catch.hpp"

using namespace troupe;
using namespace troupe::app;

namespace {

table three_topics() {
  table t;
  t.columns = {"topic", "queues", "order"};
  t.rows = {{"a", 4, true}, {"long-name", 12, false}, {"c\nd", cell{}, true}};
  return t;
}

print_style json() {
  print_style style;
  style.json = true;
  return style;
}

} // namespace

TEST_CASE("printer: columns are aligned, numbers to the right") {
  CHECK(print(three_topics(), {})
        == "topic      queues  order\n"
           "a               4  true\n"
           "long-name      12  false\n"
           "c\\nd       -       true\n");
}

TEST_CASE("printer: a narrow terminal cuts the widest column") {
  table t;
  t.columns = {"k", "body"};
  t.rows = {{"a", std::string(100, 'x')}};
  print_style style;
  style.width = 20;
  auto text = print(t, style);
  CHECK(text == "k  body\na  " + std::string(16, 'x') + "~\n");
}

TEST_CASE("printer: when room is short texts give way, then the name of a row, "
          "then numbers") {
  table t;
  t.columns = {"path", "kind", "messages"};
  t.rows = {{"/topic/a-long-name", "commit_log", 1}};
  print_style style;
  style.width = 38;
  CHECK(print(t, style)
        == "path                kind      messages\n"
           "/topic/a-long-name  commit_~         1\n");
  style.width = 36;
  CHECK(print(t, style)
        == "path              kind      messages\n"
           "/topic/a-long-n~  commit_~         1\n");
}

TEST_CASE("printer: fields stand below each other, with the note last") {
  auto t = fields_of({{"topic", "a"}, {"queues", 4}});
  t.note = "created";
  CHECK(print(t, {}) == "topic   a\nqueues  4\ncreated\n");
}

TEST_CASE("printer: JSON keeps the types") {
  CHECK(print(three_topics(), json())
        == R"([{"topic":"a","queues":4,"order":true},)"
           R"({"topic":"long-name","queues":12,"order":false},)"
           R"({"topic":"c\nd","queues":null,"order":true}])"
           "\n");
  CHECK(print(fields_of({{"share", 0.25}, {"name", "q\"x"}}), json())
        == "{\"share\":0.25,\"name\":\"q\\\"x\"}\n");
  CHECK(print(note_of("done"), json()) == "{\"note\":\"done\"}\n");
  table empty;
  empty.columns = {"topic"};
  CHECK(print(empty, json()) == "[]\n");
}

TEST_CASE("printer: errors name their kind") {
  auto error = make_error(errc::topic_not_found, "no topic x");
  CHECK(print(error, {}) == "topic_not_found: no topic x\n");
  CHECK(print(error, json())
        == "{\"error\":\"topic_not_found\",\"message\":\"no topic x\"}\n");
}

TEST_CASE("printer: colours only when they are wanted") {
  print_style style;
  CHECK(print(three_topics(), style).find('\x1b') == std::string::npos);
  style.colours = true;
  CHECK(print(three_topics(), style).find('\x1b') != std::string::npos);
}
