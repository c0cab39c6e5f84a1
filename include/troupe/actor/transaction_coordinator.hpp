/// Open transactions: asks producers that do not say how one ended, stores the
/// message of a commit, forgets what was rolled back. Each one has a deadline
/// of its own, so that none can delay another.
/// Spawned by supervisor. Sends to queue, commit_log, directory, producer,
/// gateway, state_store. Never blocks.
#pragma once

#include "troupe/actor/check_responder.hpp"
#include "troupe/actor/commit_log.hpp"
#include "troupe/actor/retention.hpp"
#include "troupe/model/deadline.hpp"
#include "troupe/model/transactions.hpp"

namespace troupe {

/// How a producer says that its transaction ended. Source: END_TRANSACTION.
struct end_transaction {
  std::string group;
  queue_offset half;       ///< of the half message in its topic's queue
  log_offset position;     ///< of the half message
  bool commit = false;     ///< else: roll back
  bool from_check = false; ///< the answer to a check request
};

/// The message stands in its topic, or never will; durably.
struct transaction_ended {};

/// Asks the producers of transactions whose time has come. The coordinator's
/// own timer.
struct check_tick {};

/// Writes the marks that wait. The coordinator's own timer.
struct marks_tick {};

/// Other limits and intervals from now on; checks that are due already keep
/// their time.
struct change_timing {
  transaction_timing timing;
};

/// For people and statistics.
struct describe_transactions {};

struct transaction_report {
  std::int64_t open = 0;
  std::int64_t committed = 0;   ///< since start
  std::int64_t rolled_back = 0; ///< since start
  std::int64_t checks = 0;      ///< requests sent since start
  std::int64_t unasked = 0;     ///< checks that met no live producer
  std::int64_t responded = 0;   ///< ended by a custom actor, since start
  std::int64_t put_off = 0;     ///< checks that found a producer full
  std::int64_t discarded = 0;   ///< checked too often or too old, since start
  epoch_ms next_check;          ///< 0: none is open
};

/// Which ones to list, the earliest first.
struct list_transactions {
  bool discarded = false; ///< else: open ones
  deadline_key after;     ///< those behind this one
  std::size_t count_max = 100;
};

/// One transaction. Texts are empty when its record cannot be read.
struct transaction_row {
  deadline_key key; ///< open: when it is asked about, half queue offset;
                    ///< discarded: since when, position
  log_offset position;
  std::int32_t checks = 0;
  epoch_ms store_time;
  std::string group;
  std::string topic; ///< the real one
  std::string transaction_id;
  std::string message_id; ///< resumes a discarded one
};

struct transaction_list {
  std::vector<transaction_row> rows;
  bool last = true; ///< nothing lies behind them
};

/// Asks about it again from the beginning: a discarded one becomes open, an
/// open one is asked about at once.
struct resume_transaction {
  log_offset position; ///< of the discarded copy or the half message
};

struct transaction_resumed {};

using transaction_coordinator_actor = event_follower::extend<
  // Errors: transaction_not_found, transaction_mismatch, transaction_expired,
  // busy, those of append_batch.
  caf::replies_to<end_transaction>::with<transaction_ended>,
  caf::reacts_to<append_done>, caf::reacts_to<check_tick>,
  caf::reacts_to<marks_tick>, caf::reacts_to<change_timing>,
  caf::replies_to<set_check_responders>::with<check_responders_set>,
  caf::replies_to<query_oldest_needed>::with<oldest_needed>,
  caf::replies_to<describe_transactions>::with<transaction_report>,
  // Errors: state_corrupt, state_write_failed.
  caf::replies_to<list_transactions>::with<transaction_list>,
  // Errors: transaction_not_found, those of append_batch.
  caf::replies_to<resume_transaction>::with<transaction_resumed>>;

} // namespace troupe
