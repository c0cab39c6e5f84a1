/// What people are told of custom actors.
#pragma once

#include "troupe/custom/arguments.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe {

/// A custom actor as it was spawned.
struct custom_spec {
  std::string name; ///< of the actor: unique, 1 to 64 letters, digits, `_`, `-`
  std::string type;
  custom::fields arguments;
};

/// What an actor is doing.
enum class custom_state : std::uint8_t {
  running,
  backing_off, ///< failed, will be made anew
  quarantined, ///< failed too often in a row: restart it by hand
  refused,     ///< could not be spawned, see last_error
  silent,      ///< does not answer: a call does not return
};

constexpr const char* to_string(custom_state x) {
  switch (x) {
    case custom_state::running:
      return "running";
    case custom_state::backing_off:
      return "backing_off";
    case custom_state::quarantined:
      return "quarantined";
    case custom_state::refused:
      return "refused";
    case custom_state::silent:
      return "silent";
  }
  return "unknown";
}

struct custom_report {
  custom_spec spec;
  custom_state state = custom_state::running;
  std::string group;     ///< its progress is kept under this name
  bool is_asked = false; ///< it intercepts, filters or answers checks
  bool paused = false;   ///< its group may not consume, or it is not called
  std::int64_t consumed = 0;
  std::int64_t sent = 0;
  std::int64_t intercepted = 0;
  std::int64_t rejected = 0;
  std::int64_t served = 0;   ///< requests that were answered
  std::int64_t late = 0;     ///< requests nobody waited for any more
  std::int64_t unserved = 0; ///< replies that did not reach their client
  std::int64_t checked = 0;  ///< transactions it was asked about
  std::int64_t decided = 0;  ///< of those, not unknown
  std::int64_t filtered = 0; ///< messages on their way to clients
  std::int64_t withheld = 0; ///< of those, not delivered
  std::int64_t parked = 0;   ///< messages put aside, in topic %DLQ%group
  std::int64_t restarts = 0;
  std::int64_t failures_in_row = 0;
  std::int64_t queues = 0;  ///< that it consumes
  std::int64_t waiting = 0; ///< messages pulled, not worked on yet
  std::int64_t lag = 0;     ///< messages of its queues behind the newest
  std::size_t state_rows = 0;
  std::size_t state_bytes = 0;
  std::string last_error;  ///< of the last failure; empty: none
  std::string last_parked; ///< topic/queue/offset of the last one put aside
};

/// A type that can be spawned.
struct custom_type {
  std::string name;
  std::string arguments; ///< for people
  std::string plugin;    ///< its file, or `built in`
};

} // namespace troupe
