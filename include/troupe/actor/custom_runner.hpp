/// One custom actor: hands it the messages it consumes and what people ask it,
/// stores what it sends, commits its state with its progress, and makes it anew
/// when it fails. Runs on a thread of its own, because what it calls may block.
/// Spawned by custom_host. Sends to directory, queue, state_store,
/// consumer_group.
#pragma once

#include "troupe/actor/check_responder.hpp"
#include "troupe/actor/custom_host.hpp"
#include "troupe/actor/delivery_filter.hpp"
#include "troupe/actor/directory.hpp"
#include "troupe/custom/supervision.hpp"

namespace troupe {

/// Whom a runner plays.
struct custom_role {
  custom_spec spec; ///< as spawned
  troupe_plugin_type type{};
  custom::fields arguments; ///< of `spec`, those that the type itself reads
  custom::patience granted;
  std::int64_t deadline_ms = limits::intercept_deadline_ms;
  on_failure policy = on_failure::reject; ///< of an interceptor or filter
  bool suspended = false; ///< until suspend_runner says otherwise
};

/// Makes the object and starts it.
struct start_runner {};

struct runner_started {
  std::string group; ///< its progress is kept under it; empty: none
  std::vector<std::string> intercepts; ///< topics or patterns
  std::vector<custom::setup::delivery> filters;
  std::vector<std::string> checks; ///< producer groups or patterns
};

struct ask_runner {
  std::string question;
  custom::fields arguments;
};

struct describe_runner {};

struct restart_runner {};

struct runner_restarted {};

/// Whether the actor is called at all, but for questions.
struct suspend_runner {
  bool suspended = true;
};

/// Commits what was done, then answers; nothing is worked on any more.
struct stop_runner {};

struct runner_stopped {};

/// Timers, pauses and what is to be tried again. The runner's own timer.
struct runner_tick {};

using custom_runner_actor = caf::typed_actor<
  // Errors: invalid_argument (what the actor's maker refuses), state_corrupt.
  caf::replies_to<start_runner>::with<runner_started>,
  // Errors: invalid_argument, busy.
  caf::replies_to<ask_runner>::with<custom_answer>,
  caf::replies_to<describe_runner>::with<custom_report>,
  caf::replies_to<restart_runner>::with<runner_restarted>,
  caf::reacts_to<suspend_runner>,
  caf::replies_to<stop_runner>::with<runner_stopped>, caf::reacts_to<pull_done>,
  caf::reacts_to<append_done>,
  // Answered to reply_to by intercept_done, in order.
  caf::reacts_to<intercept_batch>,
  // Answered to reply_to by filter_done, in order.
  caf::reacts_to<filter_batch>,
  caf::replies_to<check_transaction>::with<transaction_checked>,
  caf::reacts_to<topic_changed>, caf::reacts_to<group_changed>,
  caf::reacts_to<runner_tick>>;

} // namespace troupe
