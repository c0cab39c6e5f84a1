/// Counts of durations, in the bucket layout of HdrHistogram and with its rule
/// for quantiles: every value is kept to three significant digits, whatever its
/// size. (The C library of that name is not packaged; a test compares with the
/// figures of the Java one.)
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace troupe::app {

class histogram {
public:
  /// @param value  0 or more, such as nanoseconds
  void add(std::int64_t value) {
    auto index =
      index_of(static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0)));
    if (index >= counts_.size())
      counts_.resize(index + 1);
    ++counts_[index];
    ++total_;
    most_ = std::max(most_, value);
  }

  void add(const histogram& other) {
    if (other.counts_.size() > counts_.size())
      counts_.resize(other.counts_.size());
    for (std::size_t i = 0; i < other.counts_.size(); ++i)
      counts_[i] += other.counts_[i];
    total_ += other.total_;
    most_ = std::max(most_, other.most_);
  }

  std::uint64_t count() const { return total_; }

  std::int64_t max() const { return most_; }

  /// The value that `share` of all values do not exceed, within 0.1 percent; 0
  /// when there is none.
  /// @param share  0 to 1
  std::int64_t quantile(double share) const {
    if (total_ == 0)
      return 0;
    // 0.999 of 1,000 is 999 values, though the product may come out above it.
    auto exact = std::nextafter(share, 0.0) * static_cast<double>(total_);
    auto rank = static_cast<std::uint64_t>(std::ceil(exact));
    rank = std::clamp<std::uint64_t>(rank, 1, total_);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen >= rank)
        return std::min(static_cast<std::int64_t>(highest_in(i)), most_);
    }
    return most_;
  }

private:
  // 2048 buckets of width 1, then 1024 for every further power of two.
  static constexpr int sub_bits = 11;
  static constexpr std::size_t half = std::size_t{1} << (sub_bits - 1);

  static std::size_t index_of(std::uint64_t value) {
    auto width = static_cast<int>(std::bit_width(value));
    if (width <= sub_bits)
      return static_cast<std::size_t>(value);
    auto shift = width - sub_bits;
    return static_cast<std::size_t>(shift) * half
           + static_cast<std::size_t>(value >> shift);
  }

  static std::uint64_t highest_in(std::size_t index) {
    if (index < 2 * half)
      return index;
    auto shift = index / half - 1;
    auto sub = index - shift * half;
    return (std::uint64_t{sub + 1} << shift) - 1;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::int64_t most_ = 0;
};

} // namespace troupe::app
