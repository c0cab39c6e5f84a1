/// What an actor does with its time: counted as it runs, cheaply, and read from
/// other threads. Rare things (clock, histogram) are sampled.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace troupe {

/// How long messages waited: buckets, four to each doubling, from 1 us.
class wait_histogram {
public:
  static constexpr std::size_t buckets = 96; // 24 doublings: up to 16 s

  void add(std::int64_t ns);

  /// The upper bound in us of the bucket that holds `share` of all; -1 when
  /// there is none.
  std::int64_t percentile_us(double share) const;

private:
  std::array<std::atomic<std::uint32_t>, buckets> counts_{};
};

/// The counters of an actor at one moment.
struct meter_reading {
  std::int64_t arrived = 0;      ///< messages since the actor began
  std::int64_t handled = 0;      ///< may be a few ahead of or behind `arrived`
  std::int64_t busy_ns = 0;      ///< estimated from every 16th run
  std::int64_t wait_p99_us = -1; ///< from arrival to the run that handles it
};

/// What came to an actor while it was tapped, by the name of the message.
struct tapped_messages {
  struct row {
    std::int64_t count = 0;
    std::int64_t total_ns = 0;
    std::int64_t most_ns = 0;
  };

  std::map<std::string, row> rows;
  std::int64_t count = 0;
  std::int64_t cost_ns = 0; ///< of tapping itself
};

/// Counters of one actor. Its own thread handles; any thread lets arrive and
/// reads.
class meter {
public:
  meter() = default;
  ~meter();
  meter(const meter&) = delete;
  meter& operator=(const meter&) = delete;

  void arrive() {
    auto count = arrived_.fetch_add(1, std::memory_order_relaxed);
    if ((count & sample_mask) == 0
        && sampled_at_ns_.load(std::memory_order_relaxed) == 0)
      sampled_at_ns_.store(clock_ns(), std::memory_order_relaxed);
  }

  /// @returns when a run began that is to be timed, else 0
  std::int64_t begin_run() {
    if (sampled_at_ns_.load(std::memory_order_relaxed) != 0)
      end_wait();
    return (runs_++ & sample_mask) == 0 ? clock_ns() : 0;
  }

  void end_run(std::int64_t began) {
    if (began != 0)
      add(busy_ns_, (sample_mask + 1) * (clock_ns() - began));
  }

  void handle() { add(handled_, 1); }

  bool is_tapped() const { return tapped_.load(std::memory_order_relaxed); }

  /// One message was handled under a tap.
  void note(const std::string& message, std::int64_t ns, std::int64_t cost_ns);

  /// Starts a tap that ends by itself.
  /// @returns false when there is one already
  bool tap(std::int64_t messages_max, std::chrono::milliseconds time);

  /// Ends the tap and gives what it saw.
  tapped_messages end_tap();

  meter_reading read() const;

  static std::int64_t clock_ns() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
  }

private:
  static constexpr std::int64_t sample_mask = 15; // every 16th

  /// By the actor's thread only: no other writes it.
  static void add(std::atomic<std::int64_t>& to, std::int64_t x) {
    to.store(to.load(std::memory_order_relaxed) + x, std::memory_order_relaxed);
  }

  void end_wait();

  std::atomic<std::int64_t> arrived_{0};
  std::atomic<std::int64_t> sampled_at_ns_{0}; // a message that waits; 0: none
  std::atomic<std::int64_t> handled_{0};
  std::atomic<std::int64_t> busy_ns_{0};
  std::atomic<wait_histogram*> waits_{nullptr}; // made with the first sample
  std::int64_t runs_ = 0;

  std::atomic<bool> tapped_{false};
  std::mutex tap_mutex_;
  tapped_messages seen_;           // guarded by tap_mutex_
  std::int64_t tap_until_ns_ = 0;  // guarded by tap_mutex_
  std::int64_t tap_count_max_ = 0; // guarded by tap_mutex_
};

/// An actor that has one.
class has_meter {
public:
  virtual ~has_meter() = default;

  meter& own_meter() { return meter_; }

  /// Bytes of the actor itself, without what it refers to.
  virtual std::size_t object_bytes() const = 0;

protected:
  meter meter_;
};

} // namespace troupe
