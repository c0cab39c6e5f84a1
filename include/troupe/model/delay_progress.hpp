/// How far a delay level is delivered, and how the record of a delivered
/// message says which one it was: so the log tells what LMDB does not know yet.
/// Used by storage (a start reads the log's tail) and scheduler.
#pragma once

#include "troupe/units.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace troupe {

/// Messages of one level that are in their real topic, or have none. Those of a
/// batch arrive topic by topic, so that there may be gaps for a moment.
class delivered_offsets {
public:
  delivered_offsets() = default;

  explicit delivered_offsets(queue_offset next) : next_(next) {}

  /// Everything before it is delivered.
  queue_offset next() const { return next_; }

  /// What is delivered behind next(): from the key up to before the value.
  const std::map<queue_offset, queue_offset>& beyond() const { return beyond_; }

  bool contains(queue_offset offset) const {
    auto behind = beyond_.upper_bound(offset);
    return offset < next_
           || (behind != beyond_.begin() && offset < std::prev(behind)->second);
  }

  void add(queue_offset offset) { add(offset, offset + 1); }

  /// All from `first` up to before `end`; those that are known may be in it.
  void add(queue_offset first, queue_offset end) {
    if (first <= next_)
      return advance(end);
    if (end <= first)
      return;
    auto from = beyond_.upper_bound(first);
    if (from != beyond_.begin() && std::prev(from)->second >= first)
      --from;
    auto to = from;
    for (; to != beyond_.end() && to->first <= end; ++to) {
      first = std::min(first, to->first);
      end = std::max(end, to->second);
    }
    beyond_.erase(from, to);
    beyond_.emplace(first, end);
  }

  /// Everything before `next` counts as delivered.
  void advance(queue_offset next) {
    next_ = std::max(next_, next);
    while (!beyond_.empty() && beyond_.begin()->first <= next_) {
      next_ = std::max(next_, beyond_.begin()->second);
      beyond_.erase(beyond_.begin());
    }
  }

  bool operator==(const delivered_offsets&) const = default;

private:
  queue_offset next_;
  std::map<queue_offset, queue_offset> beyond_; // neither touch nor overlap
};

struct delay_progress {
  std::int32_t level = 1; ///< from 1
  delivered_offsets delivered;
};

/// A message of the schedule topic: its level and its place in the level's
/// queue.
struct delayed_source {
  std::int32_t level = 1;
  queue_offset offset;

  bool operator==(const delayed_source&) const = default;
};

namespace detail {
inline constexpr std::int64_t levels_named_max = 1024;
} // namespace detail

/// What the record of a delivered message has as its prepared transaction
/// offset: below 0, where no transaction and no timer names anything. 0 for a
/// level that cannot be named.
inline log_offset mark_of(const delayed_source& source) {
  if (source.level < 1 || source.level > detail::levels_named_max)
    return {0};
  return {-1 - source.offset.value * detail::levels_named_max
          - (source.level - 1)};
}

/// None when it is no such mark.
inline std::optional<delayed_source> delayed_source_of(log_offset mark) {
  if (mark.value >= 0)
    return {};
  auto number = -(mark.value + 1);
  return delayed_source{
    static_cast<std::int32_t>(number % detail::levels_named_max) + 1,
    {number / detail::levels_named_max}};
}

} // namespace troupe
