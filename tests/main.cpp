#define CATCH_CONFIG_RUNNER
#include "support/catch.hpp"

#include "troupe/log.hpp"

#include <cstdlib>

int main(int argc, char** argv) {
  // Tests provoke what a node would warn of; TROUPE_TEST_LOG shows it.
  if (std::getenv("TROUPE_TEST_LOG") == nullptr)
    troupe::log::least = troupe::log::level::off;
  return Catch::Session().run(argc, argv);
}
