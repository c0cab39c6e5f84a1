/// Which name server elsewhere has been told what, and who waits for it: each
/// is told one thing at a time, and then what is newest, so that any number of
/// changes meanwhile costs one registration. Whoever waits does so until all
/// have been told; for one that is out of order, up to a bound, and once. No
/// messages; time comes as an argument.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace troupe {

class announcements {
public:
  using clock = std::chrono::steady_clock;
  using duration = clock::duration;
  using time_point = clock::time_point;

  enum class outcome : std::uint8_t {
    told,
    failed
  };

  /// @param links  how many name servers there are
  /// @param wait   how long anybody waits for them
  announcements(std::size_t links, duration wait);

  /// There is something new to tell. Whoever says so waits, behind the others.
  void add(time_point now);

  /// Whether that name server is to be told what is newest, now.
  [[nodiscard]] bool begin(std::size_t link);

  /// What begin() has begun has ended.
  void end(std::size_t link, outcome how);

  /// How many of those who wait longest wait no more; they are forgotten.
  [[nodiscard]] std::size_t take_settled(time_point now);

  /// When the first of those who wait has waited long enough; none: nobody
  /// waits.
  std::optional<time_point> deadline() const;

private:
  struct link_state {
    std::int64_t telling = 0; ///< number of what is under way; 0: nothing is
    std::int64_t told = 0;    ///< number of the last that has ended
    bool trusted = true;      ///< false: nobody waits for it until it answers
  };

  struct waiter {
    std::int64_t number; ///< of what it has added
    time_point deadline;
  };

  /// Whether all that are waited for have been told.
  bool is_told(const waiter& x) const;

  duration wait_;
  std::int64_t newest_ = 0; // grows by one with each add()
  std::vector<link_state> links_;
  std::deque<waiter> waiters_; // numbers and deadlines ascend
};

} // namespace troupe
