#include "app/node/config_file.hpp"
#include "app/options.hpp"

#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <fstream>

using namespace troupe;
using namespace troupe::app;

TEST_CASE("custom actors come from the file and the command line, which wins") {
  test::scratch home;
  std::ofstream{home / "node.conf"}
    << "plugin = a.so\n"
       "plugin-dir = /plugins\n"
       "custom.words = word_count from=lines to=\"two words\"\n"
       "custom.gate = schema_gate topic=orders\n";
  auto options =
    parse_node_options({"--config", home / "node.conf", "--plugin", "b.so",
                        "--plugin", "c.so", "--custom", "gate=other x=1=2"});
  REQUIRE(options);
  REQUIRE(*options);
  const auto& got = **options;
  CHECK(got.plugins == std::vector<std::string>{"a.so", "b.so", "c.so"});
  CHECK(got.plugin_directories == std::vector<std::string>{"/plugins"});
  REQUIRE(got.custom.size() == 2);
  CHECK(got.custom[0].name == "words");
  CHECK(got.custom[0].type == "word_count");
  CHECK(got.custom[0].arguments
        == custom::fields{{"from", "lines"}, {"to", "two words"}});
  CHECK(got.custom[1].name == "gate");
  CHECK(got.custom[1].type == "other");
  CHECK(got.custom[1].arguments == custom::fields{{"x", "1=2"}});
}

TEST_CASE("a custom actor that is not written rightly is refused with its "
          "place") {
  struct bad_line {
    const char* line;
    const char* says;
  };

  auto bad =
    GENERATE(bad_line{"custom.x =", "node.conf:1: custom.x: no type is given"},
             bad_line{"custom.x = type word", "`word` is no key=value"},
             bad_line{"custom.x = type =word", "`=word` is no key=value"},
             bad_line{"custom.x = type a=\"b", "a quote is not closed"},
             bad_line{"plugin =", "is no value for plugin"});
  CAPTURE(bad.line);
  node_options options;
  auto error = apply_config(options, bad.line, "node.conf");
  REQUIRE(error);
  CHECK(context_of(error).find(bad.says) != std::string::npos);
  auto line = parse_node_options({"--custom", "nothing"});
  REQUIRE_FALSE(line);
  CHECK(context_of(line.error()).starts_with("--custom: `nothing` is no"));
}
