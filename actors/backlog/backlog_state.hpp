/// What is known of a group and a queue, and what follows from it. No messages;
/// time comes as an argument. Source: sheet semantics 19.
#pragma once

#include "troupe/actor/backlog.hpp"
#include "troupe/actor/consumer_group.hpp"
#include "troupe/actor/gateway.hpp"
#include "troupe/actor/pop.hpp"

#include <map>
#include <set>

namespace troupe {

/// The state of one group while its backlog is gathered.
class backlog_state {
public:
  backlog_state() = default;

  /// @param pops  of this group
  backlog_state(const progress_report& progress,
                const std::vector<pull_seen>& pulls,
                const std::vector<pop_queue_report>& pops);

  const std::string& group() const { return snapshot_->config.name; }

  /// Topics that the group has progress in or subscribes to.
  std::set<std::string> topics() const;

  /// The row of a queue, but for the times of its messages.
  backlog_row judge(const topic_config& topic, const queue_report& queue,
                    epoch_ms now) const;

private:
  backlog_reason reason_of(const backlog_row& row, const topic_config& topic,
                           const pull_seen* pull, epoch_ms now) const;
  const pull_seen* last_pull(const queue_key& queue) const;
  const std::string* live_client(const pull_seen* pull) const;

  group_snapshot_ptr snapshot_;
  std::map<queue_key, progress_row> progress_;
  std::map<queue_key, pull_seen> pulls_; // the latest of each queue, or of -1
  std::map<queue_key, pop_queue_report> pops_;
  std::map<connection_id, std::string> clients_;
};

} // namespace troupe
