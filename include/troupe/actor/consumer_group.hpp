/// One consumer group: members, subscriptions, queue locks, progress.
/// Spawned by directory. Sends to gateway (notices), state_store. Never blocks.
#pragma once

#include "troupe/actor/caller.hpp"
#include "troupe/model/group_config.hpp"
#include "troupe/model/membership.hpp"
#include "troupe/model/queue_key.hpp"

#include <map>
#include <memory>

namespace troupe {

/// What a gateway must know of a group to check a pull. Shared, immutable; a
/// new one is sent to watchers with every change.
struct group_snapshot {
  group_config config;
  bool online = false; ///< at least one member
  consume_type type = consume_type::passively;
  message_model model = message_model::clustering;
  consume_from from = consume_from::last_offset;
  std::map<std::string, subscription_ptr, std::less<>> subscriptions;
  /// Offsets set by an administrator that the consumers have not taken yet.
  std::map<queue_key, queue_offset> resets;
};

using group_snapshot_ptr = std::shared_ptr<const group_snapshot>;

/// The group changed. Null: it was deleted.
struct group_changed {
  std::string group;
  group_snapshot_ptr snapshot;
};

/// Whoever caches snapshots: gateways.
using group_watcher = caf::typed_actor<caf::reacts_to<group_changed>>;

/// Asks for the snapshot now and for group_changed from now on.
struct watch_group {
  group_watcher watcher;
};

struct group_watched {
  group_snapshot_ptr snapshot;
};

/// A consumer's heartbeat for this group. Effective before it is answered.
struct join_group {
  client_link link;
  member who;
  consumer_heartbeat says;
  bool keep_subscriptions = false; ///< heartbeat v2 without subscriptions
  std::int32_t fingerprint = 0;
};

struct group_joined {
  bool subscriptions_changed = false; ///< or none are known: heartbeat v2
};

/// A member unregisters or its connection closed.
struct leave_group {
  client_link link;
};

struct list_members {};

struct group_members {
  std::vector<member> members;    ///< by client id
  std::vector<client_link> links; ///< of the same order
  group_snapshot_ptr snapshot;
};

/// Progress of one queue. Errors: offset_not_found.
struct query_offset {
  queue_key queue;
};

struct group_offset {
  queue_offset offset;
};

/// New progress, as clients report it; may go back. Durable within
/// limits::offset_commit_period.
struct offset_row {
  queue_key queue;
  queue_offset offset;
};

struct commit_offsets {
  std::vector<offset_row> rows;
};

/// Progress that pop has made durable together with its leases: only to be
/// remembered. Queues that wait for take_reset keep theirs.
struct adopt_offsets {
  std::vector<offset_row> rows;
};

/// All progress, of one topic or (empty) of all.
struct list_offsets {
  std::string topic;
};

struct group_offsets {
  std::vector<offset_row> rows;
};

/// Sets progress on behalf of an administrator. The consumers' own commits are
/// ignored for these queues until take_reset.
struct reset_offsets {
  std::vector<offset_row> rows;
};

/// The next pull has been answered with the new offset.
struct take_reset {
  queue_key queue;
};

/// Gives these queues to one client, unless another one holds them.
/// Source: RocketMQ LOCK_BATCH_MQ.
struct lock_queues {
  std::string client_id;
  std::vector<queue_key> queues;
};

struct queues_locked {
  std::vector<queue_key> queues; ///< those the client holds now
};

struct unlock_queues {
  std::string client_id;
  std::vector<queue_key> queues;
};

/// Whether any queue is locked now: the group consumes in order.
struct query_locks {};

struct lock_state {
  bool any = false;
};

/// Progress with how fast it moves, for people.
struct describe_progress {};

struct progress_row {
  queue_key queue;
  queue_offset offset;
  double per_second = 0; ///< messages consumed
};

struct progress_report {
  std::vector<progress_row> rows;
  group_members members;
};

/// New settings, already durable.
struct set_group_config {
  group_config config;
};

/// A topic is being deleted: its progress goes too. When it is answered,
/// nothing of it is on the way to state_store any more, which removes the rows.
struct forget_topic {
  std::string topic;
};

/// Makes all progress durable, then answers.
struct flush_offsets {};

struct offsets_flushed {};

/// Drops members without heartbeat. The group's own timer.
struct expire_tick {};

/// Hands changed progress to state_store. The group's own timer.
struct commit_tick {};

/// Ends the actor; members are forgotten. Answered with the last progress when
/// all of it that stays is on its way to state_store.
struct remove_group {
  bool clean_offsets = true; ///< state_store removes the rows
};

using consumer_group_actor = caf::typed_actor<
  caf::replies_to<watch_group>::with<group_watched>,
  // Errors: busy (members_per_group_max).
  caf::replies_to<join_group>::with<group_joined>, caf::reacts_to<leave_group>,
  caf::replies_to<list_members>::with<group_members>,
  caf::replies_to<query_offset>::with<group_offset>,
  caf::reacts_to<commit_offsets>, caf::reacts_to<adopt_offsets>,
  caf::replies_to<list_offsets>::with<group_offsets>,
  caf::replies_to<reset_offsets>::with<group_offsets>,
  caf::reacts_to<take_reset>, caf::replies_to<lock_queues>::with<queues_locked>,
  caf::reacts_to<unlock_queues>, caf::replies_to<query_locks>::with<lock_state>,
  caf::replies_to<describe_progress>::with<progress_report>,
  caf::replies_to<set_group_config>::with<group_watched>,
  caf::replies_to<forget_topic>::with<offsets_flushed>,
  caf::replies_to<flush_offsets>::with<offsets_flushed>,
  caf::reacts_to<expire_tick>, caf::reacts_to<commit_tick>,
  caf::replies_to<remove_group>::with<group_offsets>>;

} // namespace troupe
