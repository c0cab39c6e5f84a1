/// The actors that live now, and what they do with their time.
#pragma once

#include "admin/admin_context.hpp"
#include "reactor/meter.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// One actor of the node.
struct live_one {
  std::string path;
  std::string kind;
  std::string where;
  caf::strong_actor_ptr actor;
  std::int64_t restarts = 0;
  std::optional<custom_report> custom = {}; ///< of a custom actor
};

/// Which to list.
struct live_wish {
  std::string below = "/"; ///< a path: it and all below it
  bool queues = false;     ///< also each queue
};

/// @errors those of the directory
caf::expected<std::vector<live_one>> find_live(admin_context& context,
                                               const live_wish& wish);

/// The counters of an actor; null when it has none.
has_meter* meter_of(const caf::strong_actor_ptr& actor);

/// What an actor did in a stretch of time.
struct activity {
  live_one who;
  bool measured = false;
  std::int64_t mailbox = 0;      ///< messages that wait now
  std::int64_t wait_p99_us = -1; ///< since it began
  double busy = 0;               ///< share of a core, from 0 to 1
  double rate = 0;               ///< messages handled each second
  std::size_t bytes = 0;         ///< of the actor itself
};

/// Watches for `time`, then tells. Blocks as long.
std::vector<activity> observe(admin_context& context,
                              std::vector<live_one> actors,
                              std::chrono::milliseconds time);

} // namespace troupe
