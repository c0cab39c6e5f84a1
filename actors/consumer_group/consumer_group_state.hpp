/// What a consumer group knows and decides: members, subscriptions, locks,
/// progress. No messages; time comes as an argument.
/// Source: RocketMQ 5.3 ConsumerManager, RebalanceLockManager,
/// ConsumerOffsetManager; sheet semantics 8, 9, 11.
#pragma once

#include "troupe/actor/consumer_group.hpp"
#include "troupe/model/rate_meter.hpp"

#include <caf/expected.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe {

/// What a heartbeat or a departure changed.
struct membership_change {
  bool members = false;       ///< somebody came, went or moved
  bool subscriptions = false; ///< what the group wants, or how
};

class consumer_group_state {
public:
  consumer_group_state(group_config config, std::vector<offset_row> progress);

  // -- members ----------------------------------------------------------------

  /// Takes a heartbeat.
  /// @errors busy
  caf::expected<membership_change> join(const join_group& says);

  /// Whether the fingerprint differs from the last one told; remembers it.
  bool is_new_fingerprint(std::int32_t fingerprint);

  membership_change leave(const client_link& link);

  /// Removes members not heard of since limits::member_expiry.
  /// @returns their links
  std::vector<client_link> expire(epoch_ms now);

  group_members list() const;

  std::vector<client_link> links() const;

  bool empty() const { return members_.empty(); }

  /// Whether members are told when others come and go.
  bool notifies() const {
    return config_.notify_ids_changed && model_ != message_model::broadcasting;
  }

  /// The snapshot of now; a new one only after something changed.
  const group_snapshot_ptr& snapshot();

  const group_config& config() const { return config_; }

  void set_config(group_config config);

  // -- progress ---------------------------------------------------------------

  /// @errors offset_not_found
  caf::expected<queue_offset> offset(const queue_key& queue) const;

  /// Takes reported progress; queues that wait for take_reset keep theirs.
  void commit(const std::vector<offset_row>& rows, epoch_ms now);

  /// Takes progress that is durable already.
  void adopt(const std::vector<offset_row>& rows, epoch_ms now);

  std::vector<offset_row> offsets(const std::string& topic) const;

  /// All progress with its speed.
  std::vector<progress_row> progress(epoch_ms now) const;

  void reset(const std::vector<offset_row>& rows);
  void take_reset(const queue_key& queue);

  /// Removes the progress of a topic.
  /// @returns the queues that had some
  std::vector<queue_key> forget(const std::string& topic);

  /// Rows that changed since the last call.
  std::vector<offset_row> take_dirty();

  /// Puts rows back that could not be stored.
  void mark_dirty(const std::vector<offset_row>& rows);

  bool has_dirty() const { return !dirty_.empty(); }

  // -- locks ------------------------------------------------------------------

  std::vector<queue_key> lock(const std::string& client_id,
                              const std::vector<queue_key>& queues,
                              epoch_ms now);
  void unlock(const std::string& client_id,
              const std::vector<queue_key>& queues);
  bool any_locked(epoch_ms now) const;

private:
  struct entry {
    client_link link;
    member who;
  };

  struct lock_entry {
    std::string client_id;
    epoch_ms refreshed;
  };

  bool merge_subscriptions(const consumer_heartbeat& says);

  group_config config_;
  std::map<connection_id, entry> members_;
  consume_type type_ = consume_type::passively;
  message_model model_ = message_model::clustering;
  consume_from from_ = consume_from::last_offset;
  std::map<std::string, subscription_ptr, std::less<>> subscriptions_;
  std::map<queue_key, queue_offset> progress_;
  std::map<queue_key, rate_meter> rates_; // of queues whose progress moved
  std::map<queue_key, queue_offset> resets_;
  std::set<queue_key> dirty_;
  std::map<queue_key, lock_entry> locks_;
  std::int32_t fingerprint_ = 0;
  group_snapshot_ptr snapshot_; // null: out of date
};

} // namespace troupe
