#include "app/bench/bench_options.hpp"

#include "support/catch.hpp"

using namespace troupe;
using namespace troupe::app;

TEST_CASE("a load is described on the command line") {
  auto options = parse_bench_options({"pull", "--connections", "64", "--body",
                                      "100", "--limit", "--flush", "sync"});
  REQUIRE(options);
  REQUIRE(*options);
  CHECK((*options)->mode == bench_mode::pull);
  CHECK((*options)->connections == 64);
  CHECK((*options)->body_bytes == 100);
  CHECK((*options)->limit);
  CHECK((*options)->sync);
  CHECK((*options)->rounds == 5); // several servers are measured in turn
}

TEST_CASE("a load that cannot be is refused") {
  auto bad =
    GENERATE(std::vector<std::string>{"push"},
             std::vector<std::string>{"--connections", "0"},
             std::vector<std::string>{"--body", "99999999"},
             std::vector<std::string>{"--batch", "1000", "--body", "100000"},
             std::vector<std::string>{"--flush", "often"},
             std::vector<std::string>{"send", "--once"},
             std::vector<std::string>{"deliver", "--body", "18"},
             std::vector<std::string>{"--delay-level", "1"},
             std::vector<std::string>{"deliver", "--delay-level", "19"},
             std::vector<std::string>{"send", "--timer", "1000"},
             std::vector<std::string>{"deliver", "--timer", "-1"},
             std::vector<std::string>{"deliver", "--timer", "1000",
                                      "--delay-level", "1"},
             std::vector<std::string>{"--topic", ""},
             std::vector<std::string>{"--rate", "-5"},
             std::vector<std::string>{"--unknown"});
  auto options = parse_bench_options(bad);
  REQUIRE_FALSE(options);
  CHECK(is(options.error(), errc::bad_config));
  CHECK(context_of(options.error()).size() > 10);
}

TEST_CASE("an ordered load has one message in flight on each connection") {
  auto options = parse_bench_options({"deliver", "--ordered", "--window", "8"});
  REQUIRE(options);
  CHECK((*options)->window == 1);
}
