/// What a transaction coordinator asks before it asks a producer: a custom
/// actor that knows how transactions of some producer groups have ended.
#pragma once

#include "troupe/custom/actor.hpp"
#include "troupe/payload.hpp"
#include "troupe/units.hpp"

#include <caf/typed_actor.hpp>

#include "troupe/type_ids.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe {

/// A half message whose transaction is open.
struct check_transaction {
  payload topic; ///< the one it is meant for
  payload body;
  payload properties;
  std::int32_t queue = 0;
  queue_offset half; ///< its place among half messages
  std::int32_t flag = 0;
  std::int32_t sys_flag = 0;
  std::int32_t reconsume_times = 0;
  epoch_ms born_time;
  epoch_ms store_time;
};

/// What it says; its state changes are durable.
struct transaction_checked {
  custom::transaction_outcome outcome = custom::transaction_outcome::unknown;
};

using check_responder_actor = caf::typed_actor<
  // Never an error: who fails or is not running knows nothing.
  caf::replies_to<check_transaction>::with<transaction_checked>>;

/// A responder as a coordinator knows it.
struct responder_link {
  std::string name;                ///< of the custom actor
  std::vector<std::string> groups; ///< of producers; names or patterns
  check_responder_actor actor;
};

/// All responders, in the order in which they are looked at: the first one that
/// has the group is asked. The ones before are forgotten.
struct set_check_responders {
  std::vector<responder_link> links;
};

struct check_responders_set {};

} // namespace troupe
