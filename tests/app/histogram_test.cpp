#include "app/bench/histogram.hpp"

#include "support/catch.hpp"

#include <random>

using namespace troupe::app;

TEST_CASE("quantiles are within a thousandth of the exact ones") {
  auto seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  std::mt19937_64 random{seed};
  std::lognormal_distribution<double> durations{12.0, 2.0};
  histogram counts;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 20000; ++i) {
    values.push_back(static_cast<std::int64_t>(durations(random)));
    counts.add(values.back());
  }
  std::ranges::sort(values);
  CHECK(counts.count() == values.size());
  CHECK(counts.max() == values.back());
  for (double share : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    auto rank = static_cast<std::size_t>(
      std::max(share * static_cast<double>(values.size()), 1.0));
    auto exact = values[rank - 1];
    auto found = counts.quantile(share);
    CAPTURE(share, exact, found);
    CHECK(found >= exact);
    CHECK(static_cast<double>(found - exact)
          <= static_cast<double>(exact) / 1000 + 1);
  }
}

TEST_CASE("an empty histogram has no quantiles, and sums add up") {
  histogram empty;
  CHECK(empty.quantile(0.5) == 0);
  histogram one;
  one.add(5);
  histogram two;
  two.add(1'000'000'000'000);
  one.add(two);
  CHECK(one.count() == 2);
  CHECK(one.quantile(0.5) == 5);
  CHECK(one.max() == 1'000'000'000'000);
}
