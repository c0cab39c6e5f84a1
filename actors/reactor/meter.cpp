#include "reactor/meter.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace troupe {

namespace {

/// us to the bucket that counts it: 4 to each doubling.
std::size_t bucket_of(std::int64_t ns) {
  auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(ns / 1000, 0));
  if (us < 4)
    return us;
  auto octave = static_cast<std::size_t>(std::bit_width(us)) - 1; // >= 2
  auto quarter = (us >> (octave - 2)) & 3;
  return std::min((octave - 1) * 4 + quarter, wait_histogram::buckets - 1);
}

/// The first value behind a bucket.
std::int64_t end_us(std::size_t bucket) {
  if (bucket < 4)
    return static_cast<std::int64_t>(bucket) + 1;
  auto octave = bucket / 4 + 1;
  auto quarter = static_cast<std::int64_t>(bucket % 4);
  return (4 + quarter + 1) << (octave - 2);
}

} // namespace

void wait_histogram::add(std::int64_t ns) {
  counts_[bucket_of(ns)].fetch_add(1, std::memory_order_relaxed);
}

std::int64_t wait_histogram::percentile_us(double share) const {
  std::array<std::uint32_t, buckets> counts;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    counts[i] = counts_[i].load(std::memory_order_relaxed);
    total += counts[i];
  }
  auto wanted =
    static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets && total > 0; ++i) {
    seen += counts[i];
    if (seen >= wanted)
      return end_us(i);
  }
  return -1;
}

meter::~meter() {
  delete waits_.load();
}

void meter::end_wait() {
  auto at = sampled_at_ns_.exchange(0, std::memory_order_relaxed);
  if (at == 0)
    return;
  auto* waits = waits_.load(std::memory_order_relaxed);
  if (waits == nullptr) {
    waits = new wait_histogram;
    waits_.store(waits, std::memory_order_release);
  }
  waits->add(clock_ns() - at);
}

void meter::note(const std::string& message, std::int64_t ns,
                 std::int64_t cost_ns) {
  std::lock_guard guard{tap_mutex_};
  if (!tapped_.load(std::memory_order_relaxed))
    return;
  auto& row = seen_.rows[message];
  ++row.count;
  row.total_ns += ns;
  row.most_ns = std::max(row.most_ns, ns);
  seen_.cost_ns += cost_ns;
  if (++seen_.count >= tap_count_max_ || clock_ns() >= tap_until_ns_)
    tapped_.store(false, std::memory_order_relaxed);
}

bool meter::tap(std::int64_t messages_max, std::chrono::milliseconds time) {
  std::lock_guard guard{tap_mutex_};
  if (tap_count_max_ != 0)
    return false;
  seen_ = {};
  tap_count_max_ = messages_max;
  tap_until_ns_ = clock_ns() + std::chrono::nanoseconds{time}.count();
  tapped_.store(true, std::memory_order_relaxed);
  return true;
}

tapped_messages meter::end_tap() {
  std::lock_guard guard{tap_mutex_};
  tapped_.store(false, std::memory_order_relaxed);
  tap_count_max_ = 0;
  return std::move(seen_);
}

meter_reading meter::read() const {
  meter_reading result;
  result.handled = handled_.load(std::memory_order_relaxed);
  result.arrived = arrived_.load(std::memory_order_relaxed);
  result.busy_ns = busy_ns_.load(std::memory_order_relaxed);
  if (const auto* waits = waits_.load(std::memory_order_acquire))
    result.wait_p99_us = waits->percentile_us(0.99);
  return result;
}

} // namespace troupe
