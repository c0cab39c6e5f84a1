#include "app/options.hpp"

#include "support/catch.hpp"
#include "support/scratch.hpp"

#include <fstream>

using namespace troupe;
using namespace troupe::app;

TEST_CASE("the command line wins over the file") {
  test::scratch home;
  std::ofstream{home / "node.conf"} << "broker-name = from-file\n"
                                       "cluster = from-file\n";
  auto options = parse_node_options(
    {"--config", home / "node.conf", "--cluster", "from-line"});
  REQUIRE(options);
  REQUIRE(*options);
  CHECK((*options)->broker_name == "from-file");
  CHECK((*options)->cluster == "from-line");
}

TEST_CASE("without options a node listens on loopback, synchronously") {
  auto options = parse_node_options({});
  REQUIRE(options);
  REQUIRE(*options);
  CHECK((*options)->listen == "127.0.0.1");
  CHECK((*options)->broker_port == 10911);
  CHECK((*options)->name_server_port == 9876);
  CHECK((*options)->data == "./troupe-data");
  CHECK((*options)->sync_flush);
}

TEST_CASE("what cannot be meant is refused with the option's name") {
  struct bad_arguments {
    std::vector<std::string> given;
    const char* named;
  };

  auto bad = GENERATE(
    bad_arguments{{"--broker-port", "x"}, "broker-port"},
    bad_arguments{{"--flush", "never"}, "flush"},
    bad_arguments{{"--role", "king"}, "role"},
    bad_arguments{{"--auto-create-topics", "maybe"}, "auto-create-topics"},
    bad_arguments{{"--nonsense"}, "nonsense"}, bad_arguments{{"stray"}, ""});
  auto options = parse_node_options(bad.given);
  REQUIRE_FALSE(options);
  INFO(context_of(options.error()));
  CHECK(is(options.error(), errc::bad_config));
  CHECK(context_of(options.error()).find(bad.named) != std::string::npos);
}
