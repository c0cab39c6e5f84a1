/// The one user of the LMDB environment: topics, groups, progress, name server
/// settings, progress of the delay levels. Everything that is queued goes into
/// one transaction, and is answered when that is durable.
/// Spawned by supervisor, detached. Sends nothing of its own accord. Blocks.
#pragma once

#include "troupe/actor/consumer_group.hpp"
#include "troupe/model/lease.hpp"
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

/// Progress of one delay level in the schedule topic.
struct delay_progress {
  std::int32_t level = 1; ///< from 1
  queue_offset offset;
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
};

struct put_offsets {
  group_progress changed;
  std::vector<queue_key> removed;
  bool remove_all = false; ///< of the group, before `changed` is put
};

struct put_kv {
  std::vector<kv_entry> entries;
};

struct put_delays {
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
  caf::reacts_to<commit_state_tick>>;

} // namespace troupe
