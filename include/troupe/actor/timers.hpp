/// Messages with a moment of their own: keeps when each is due, appends it to
/// its real topic then, and takes recalls.
/// Spawned by supervisor. Sends to queue, commit_log, directory, state_store.
/// Never blocks.
#pragma once

#include "troupe/actor/commit_log.hpp"
#include "troupe/actor/retention.hpp"
#include "troupe/model/deadline.hpp"

namespace troupe {

/// Delivers what is due. The role's own timer.
struct timer_tick {};

/// Takes a message back that is not delivered yet. Source: RECALL_MESSAGE.
struct recall_timer {
  std::string topic; ///< the real one
  std::string unique_key;
  epoch_ms due;
};

/// It will never be delivered, durably; also when it was recalled before.
struct timer_recalled {};

/// For people and statistics.
struct describe_timers {};

struct timer_report {
  std::int64_t pending = 0;
  std::int64_t delivered = 0; ///< since start
  std::int64_t recalled = 0;  ///< since start
  epoch_ms next_due;          ///< 0: none is pending
};

/// Pending ones, the earliest first.
struct list_timers {
  deadline_key after; ///< those behind this one
  std::size_t count_max = 100;
};

/// One timer. Texts are empty when its record cannot be read.
struct timer_row {
  epoch_ms due;
  log_offset position; ///< with `due`: the key to list on from
  epoch_ms store_time;
  std::string topic; ///< the real one
  std::string unique_key;
};

struct timer_list {
  std::vector<timer_row> rows;
  bool last = true; ///< nothing lies behind them
};

using timers_actor = event_follower::extend<
  caf::reacts_to<append_done>, caf::reacts_to<timer_tick>,
  // Errors: message_not_found, those of append_batch.
  caf::replies_to<recall_timer>::with<timer_recalled>,
  caf::replies_to<query_oldest_needed>::with<oldest_needed>,
  caf::replies_to<describe_timers>::with<timer_report>,
  // Errors: state_corrupt, state_write_failed.
  caf::replies_to<list_timers>::with<timer_list>>;

} // namespace troupe
