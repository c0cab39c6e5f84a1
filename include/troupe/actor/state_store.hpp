/// The one user of the LMDB environment: topics, groups, progress, name server
/// settings, progress of the delay levels, deadlines. Everything that is queued
/// goes into one transaction, and is answered when that is durable. Spawned by
/// supervisor, detached. Sends nothing of its own accord. Blocks.
#pragma once

#include "troupe/actor/consumer_group.hpp"
#include "troupe/actor/custom_host.hpp"
#include "troupe/model/deadline.hpp"
#include "troupe/model/delay_progress.hpp"
#include "troupe/model/lease.hpp"
#include "troupe/model/live_settings.hpp"
#include "troupe/model/log_event.hpp"
#include "troupe/model/topic_config.hpp"

#include <optional>

namespace troupe {

/// Everything that was stored, read once at start.
struct load_stored {};

struct group_progress {
  std::string group;
  std::vector<offset_row> rows;
};

struct kv_entry {
  std::string ns; ///< namespace
  std::string key;
  std::optional<std::string> value; ///< none: delete it
};

struct stored_state {
  data_version topics_version;
  std::vector<topic_config> topics;
  data_version groups_version;
  std::vector<group_config> groups;
  std::vector<group_progress> progress;
  std::vector<kv_entry> kv;
  std::vector<delay_progress> delays;
  std::vector<lease_row> leases;
  std::vector<request_mode> request_modes;
  std::vector<custom_spec> custom; ///< by name
};

struct put_topics {
  data_version version;
  std::vector<topic_config> changed;
  std::vector<std::string> removed;
};

struct put_groups {
  data_version version;
  std::vector<group_config> changed;
  std::vector<std::string> removed;
  bool with_progress = false; ///< that of the removed ones goes, too
};

struct put_offsets {
  group_progress changed;
  std::vector<queue_key> removed;
  bool remove_all = false; ///< of the group, before `changed` is put
};

/// Settings: those that clients share by a name server, and those of the node
/// itself.
struct put_kv {
  std::vector<kv_entry> entries;
  /// These and no others; none: they stay as they are.
  std::optional<std::vector<kept_setting>> of_node = {};
};

/// Levels whose progress has changed; all of them cover the log up to
/// `applied`: one transaction.
struct put_delays {
  log_offset applied;
  std::vector<delay_progress> levels;
};

/// Leases and the progress of the groups that popped, in one transaction.
struct put_leases {
  std::vector<lease_row> changed;
  std::vector<lease_key> removed;
  std::vector<group_progress> progress;
};

struct put_request_modes {
  std::vector<request_mode> changed;
  std::vector<request_mode> removed; ///< topic and group count
};

struct deadline_change {
  deadline_kind kind = deadline_kind::half;
  deadline row;
  bool removed = false; ///< else: put
};

/// What the log's events up to `applied` have changed, and how far they go: one
/// transaction.
struct put_deadlines {
  log_family family = log_family::transactions;
  log_offset applied;
  std::vector<deadline_change> changes;
};

/// Deadlines of one kind, the earliest first. What was put before is in it.
struct list_deadlines {
  deadline_kind kind = deadline_kind::half;
  deadline_key after; ///< those behind this one
  std::size_t count_max = 0;
};

struct deadline_page {
  std::vector<deadline> rows;
  bool last = false; ///< nothing lies behind them
};

struct find_deadline {
  deadline_kind kind = deadline_kind::half;
  std::int64_t id = 0;
};

struct deadline_found {
  std::optional<deadline> row;
};

/// The one of a kind with the lowest id: no other's record lies before its.
struct find_first_deadline {
  deadline_kind kind = deadline_kind::half;
};

/// How many rows there are of a kind.
struct count_deadlines {
  deadline_kind kind = deadline_kind::half;
};

struct deadlines_counted {
  std::int64_t count = 0;
};

struct put_custom_spec {
  custom_spec spec;
};

/// Spec, state and progress of a custom actor go.
struct remove_custom {
  std::string name;
};

/// State and progress of one custom actor.
struct load_custom {
  std::string name;
};

struct custom_rows {
  custom::fields state; ///< by key
  std::vector<offset_row> progress;
};

/// What a custom actor has done since the last time: durable together.
struct put_custom {
  std::string name;
  std::vector<std::pair<std::string, std::optional<std::string>>> state;
  std::vector<offset_row> progress;
};

/// What was put is durable.
struct stored {};

/// Commits what has been put. Sent by the store to itself.
struct commit_state_tick {};

using state_store_actor = caf::typed_actor<
  // Errors: state_corrupt.
  caf::replies_to<load_stored>::with<stored_state>,
  // Errors of every put: state_write_failed; the rows are kept and tried again
  // with the next commit.
  caf::replies_to<put_topics>::with<stored>,
  caf::replies_to<put_groups>::with<stored>,
  caf::replies_to<put_offsets>::with<stored>,
  caf::replies_to<put_kv>::with<stored>,
  caf::replies_to<put_delays>::with<stored>,
  caf::replies_to<put_leases>::with<stored>,
  caf::replies_to<put_request_modes>::with<stored>,
  caf::replies_to<put_deadlines>::with<stored>,
  // Errors: state_corrupt, state_write_failed.
  caf::replies_to<list_deadlines>::with<deadline_page>,
  caf::replies_to<find_deadline>::with<deadline_found>,
  caf::replies_to<find_first_deadline>::with<deadline_found>,
  caf::replies_to<count_deadlines>::with<deadlines_counted>,
  caf::replies_to<put_custom_spec>::with<stored>,
  caf::replies_to<remove_custom>::with<stored>,
  caf::replies_to<put_custom>::with<stored>,
  // Errors: state_corrupt.
  caf::replies_to<load_custom>::with<custom_rows>,
  caf::reacts_to<commit_state_tick>>;

} // namespace troupe
