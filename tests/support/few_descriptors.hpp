/// While one lives, the process may have only so many descriptors.
#pragma once

#include "support/catch.hpp"

#include <sys/resource.h>

namespace troupe::test {

class few_descriptors {
public:
  explicit few_descriptors(rlim_t count) {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    auto fewer = before_;
    fewer.rlim_cur = count;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &fewer) == 0);
  }

  ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  few_descriptors(const few_descriptors&) = delete;
  few_descriptors& operator=(const few_descriptors&) = delete;

private:
  rlimit before_{};
};

} // namespace troupe::test
