/// Rows of consume queues and keys that wait in memory because they cannot be
/// written, of the whole process. The commit log takes nothing more when there
/// are too many; what was acknowledged is served from memory meanwhile.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace troupe::storage {

inline std::atomic<std::int64_t> derived_backlog{0};

/// What one queue, or the index, has in the backlog.
class backlog_share {
public:
  backlog_share() = default;

  backlog_share(backlog_share&& other) noexcept
    : entries_(std::exchange(other.entries_, 0)) {}

  backlog_share& operator=(backlog_share&& other) noexcept {
    std::swap(entries_, other.entries_);
    return *this;
  }

  ~backlog_share() { set(0); }

  void set(std::int64_t entries) {
    if (entries == entries_)
      return;
    derived_backlog.fetch_add(entries - entries_, std::memory_order_relaxed);
    entries_ = entries;
  }

private:
  std::int64_t entries_ = 0;
};

} // namespace troupe::storage
