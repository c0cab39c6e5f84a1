#include "app/bench/histogram.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
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
      std::ceil(share * static_cast<double>(values.size()) - 1e-6));
    auto exact = values[rank - 1];
    auto found = counts.quantile(share);
    CAPTURE(share, exact, found);
    CHECK(found >= exact);
    CHECK(static_cast<double>(found - exact)
          <= static_cast<double>(exact) / 1000 + 1);
  }
}

namespace {

/// What HdrHistogram 2.2.2 for Java, with three digits, says of the first
/// `count` values that spread_values gives.
struct hdr_figures {
  int count;
  std::array<std::int64_t, 6> at; ///< 10, 50, 90, 99, 99.9 and 99.99 percent
};

constexpr hdr_figures hdr_says[] = {
  {1,
   {905'969'663, 905'969'663, 905'969'663, 905'969'663, 905'969'663,
    905'969'663}},
  {2, {197, 197, 905'969'663, 905'969'663, 905'969'663, 905'969'663}},
  {3, {197, 666, 905'969'663, 905'969'663, 905'969'663, 905'969'663}},
  {10, {197, 51'071, 52'920'319, 905'969'663, 905'969'663, 905'969'663}},
  {1000,
   {3, 22'495, 3'338'665'983, 261'590'351'871, 504'121'786'367,
    537'676'218'367}},
  {100'000,
   {2, 15'663, 3'208'642'559, 255'416'336'383, 521'301'655'551,
    545'729'282'047}},
};

/// Pseudo-random values of 0 to 39 bits, the same ones on every machine.
class spread_values {
public:
  std::int64_t next() {
    x_ ^= x_ << 13;
    x_ ^= x_ >> 7;
    x_ ^= x_ << 17;
    auto bits = (x_ >> 58) % 40;
    return static_cast<std::int64_t>((x_ >> 8)
                                     & ((std::uint64_t{1} << bits) - 1));
  }

private:
  std::uint64_t x_ = 88'172'645'463'325'252;
};

} // namespace

TEST_CASE("quantiles are those that HdrHistogram gives") {
  constexpr std::array shares = {0.1, 0.5, 0.9, 0.99, 0.999, 0.9999};
  for (const auto& expected : hdr_says) {
    histogram counts;
    spread_values values;
    for (int i = 0; i < expected.count; ++i)
      counts.add(values.next());
    for (std::size_t i = 0; i < shares.size(); ++i) {
      CAPTURE(expected.count, shares[i]);
      // HdrHistogram answers with the end of a bucket even above the maximum.
      CHECK(counts.quantile(shares[i])
            == std::min(expected.at[i], counts.max()));
    }
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
