/// How far a consumer group is behind, and why.
#pragma once

#include "admin/admin_context.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// One queue of one topic of a group.
struct queue_backlog {
  std::string topic;
  queue_id queue;
  queue_offset max;
  std::optional<queue_offset> progress; ///< none: nothing was ever committed
  std::int64_t lag = 0; ///< messages; from the queue's begin without progress
};

struct group_backlog {
  group_members members;
  std::vector<queue_backlog> queues; ///< by topic and queue
};

/// @errors group_not_found and those of its topics
caf::expected<group_backlog> backlog_of(admin_context& context,
                                        const std::string& group);

/// Why `topic` of this group is behind by `lag`, in words.
std::string why_behind(const group_backlog& backlog, const std::string& topic,
                       std::int64_t lag);

} // namespace troupe
