/// How far consumer groups are behind, queue by queue, and why.
/// Spawned by supervisor. Asks directory, consumer_group, queue, pop,
/// gateway.
/// Never blocks.
#pragma once

#include "troupe/actor/gateway.hpp"
#include "troupe/model/queue_key.hpp"

#include <caf/typed_actor.hpp>

#include "troupe/type_ids.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// Why messages of a queue wait.
enum class backlog_reason : std::uint8_t {
  none,        ///< nothing waits
  no_owner,    ///< no live member has pulled this queue
  paused,      ///< forbidden by a setting, or its owner has stopped pulling
  slow,        ///< consumed no faster than messages arrive
  catching_up, ///< consumed faster than messages arrive
};

inline const char* to_string(backlog_reason x) {
  switch (x) {
    case backlog_reason::none:
      return "none";
    case backlog_reason::no_owner:
      return "no_owner";
    case backlog_reason::paused:
      return "paused";
    case backlog_reason::slow:
      return "slow";
    case backlog_reason::catching_up:
      return "catching_up";
  }
  return "";
}

/// One queue as one group sees it.
struct backlog_row {
  std::string group;
  queue_key queue;
  queue_offset min; ///< of the queue
  queue_offset max;
  queue_offset committed;     ///< next one to consume; -1: none is known
  std::int64_t behind = 0;    ///< messages; without progress: all there are
  std::int64_t in_flight = 0; ///< of those: handed out, not acknowledged
  /// Of those in flight, popped ones that `committed` has passed.
  std::int64_t passed = 0;
  queue_offset handed_to;          ///< everything before it was handed out
  queue_offset oldest{-1};         ///< the first unread one; -1: none waits
  std::int64_t oldest_age_ms = -1; ///< of that one; -1: none waits
  epoch_ms consumed_to; ///< store time of the one before `committed`; 0: none
  double consume_rate = 0;   ///< messages per second
  double arrival_rate = 0;   ///< messages per second
  std::int64_t drain_ms = 0; ///< until nothing waits; -1: never, as it is
  backlog_reason reason = backlog_reason::none;
  std::string owner; ///< client id of who pulls or pops it; empty: nobody
};

/// Backlog of `group`, or (empty) of all; in `topic`, or (empty) in all that a
/// group has progress in or subscribes to, its retry topics among them.
struct describe_backlog {
  std::string group;
  std::string topic;
};

struct backlog_report {
  std::vector<backlog_row> rows; ///< by group, topic, queue id
  bool more = false;             ///< limits::backlog_rows_max was reached
};

/// Pulls and pops at this gateway count, too.
struct watch_gateway {
  gateway_actor gateway;
};

using backlog_actor = caf::typed_actor<
  // Errors: group_not_found (a group was named).
  caf::replies_to<describe_backlog>::with<backlog_report>,
  caf::reacts_to<watch_gateway>>;

} // namespace troupe
