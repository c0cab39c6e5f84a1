/// What clients write into the trace topic, and what it must not do to us.
#include "remoting/bodies/trace_body.hpp"

#include "support/catch.hpp"

#include <string>

using namespace troupe;
using namespace troupe::remoting;

namespace {

/// `|` for what separates fields, `;` for what ends a record.
std::string trace(std::string text) {
  for (auto& c : text)
    if (c == '|')
      c = '\x01';
    else if (c == ';')
      c = '\x02';
  return text;
}

} // namespace

TEST_CASE("trace: each kind of step that RocketMQ's clients write") {
  struct written_step {
    const char* name;
    const char* text;
    trace_step step;
  };

  auto one = GENERATE(
    written_step{"sent",
                 "Pub|1700000000001|DefaultRegion|PG|t|ID|tag|k1 k2|"
                 "127.0.0.1:10911|42|3|0|OFFSETID|true;",
                 {trace_kind::sent, epoch_ms{1700000000001}, "PG", "ID",
                  "k1 k2", 3, true, 0, "", false}},
    written_step{"not sent",
                 "Pub|1700000000001|DefaultRegion|PG|t|ID|tag||"
                 "127.0.0.1:10911|42|3000|0||false;",
                 {trace_kind::sent, epoch_ms{1700000000001}, "PG", "ID", "",
                  3000, false, 0, "", false}},
    written_step{"consuming",
                 "SubBefore|1700000000002|DefaultRegion|G|REQ|ID|2|k1;",
                 {trace_kind::consuming, epoch_ms{1700000000002}, "G", "ID",
                  "k1", -1, true, 2, "", false}},
    written_step{"consumed",
                 "SubAfter|REQ|ID|5|true|k1|0|1700000000003|G;",
                 {trace_kind::consumed, epoch_ms{1700000000003}, "G", "ID",
                  "k1", 5, true, 0, "", false}},
    written_step{"failed, by an old client",
                 "SubAfter|REQ|ID|5|false|k1;",
                 {trace_kind::consumed, epoch_ms{0}, "", "ID", "k1", 5, false,
                  0, "", false}},
    written_step{"settled",
                 "EndTransaction|1700000000004|DefaultRegion|PG|t|ID|tag|k1|"
                 "127.0.0.1:10911|2|TX|COMMIT_MESSAGE|true;",
                 {trace_kind::settled, epoch_ms{1700000000004}, "PG", "ID",
                  "k1", -1, true, 0, "COMMIT_MESSAGE", true}},
    written_step{"recalled",
                 "Recall|1700000000005|DefaultRegion|PG|t|ID|true;",
                 {trace_kind::recalled, epoch_ms{1700000000005}, "PG", "ID", "",
                  -1, true, 0, "", false}});
  CAPTURE(one.name);
  auto body = trace(one.text);
  auto steps = read_trace(body);
  REQUIRE(steps.size() == 1);
  CHECK(steps.front() == one.step);
}

TEST_CASE("trace: what is of no known kind, or cut off, is passed over") {
  struct odd_body {
    const char* name;
    const char* text;
    std::size_t steps;
  };

  auto one = GENERATE(
    odd_body{"empty", "", 0}, odd_body{"only ends", ";;;", 0},
    odd_body{"another kind", "Dance|1|2|3|4|5|6|7|8|9|10|11|12|13|14;", 0},
    odd_body{"cut off", "Pub|1700000000001|DefaultRegion|PG|t|I", 0},
    odd_body{"more fields than we know",
             "SubBefore|1|r|G|REQ|ID|0|k|a|b|c|d|e|f|g|h|i|j|k|l;", 1},
    odd_body{"no number", "SubBefore|soon|r|G|REQ|ID|often|k;", 1},
    odd_body{"one between two others",
             "SubBefore|1|r|G|REQ|A|0|k;??;SubBefore|1|r|G|REQ|B|0|k", 2});
  CAPTURE(one.name);
  CHECK(read_trace(trace(one.text)).size() == one.steps);
}
