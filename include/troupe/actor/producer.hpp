/// The live sessions of one producer group: whom to ask in a transaction check,
/// whom to hand a reply. Not on the send path.
/// Spawned by directory. Sends nothing of its own accord. Never blocks.
#pragma once

#include "troupe/actor/caller.hpp"
#include "troupe/model/membership.hpp"

namespace troupe {

/// A producer's heartbeat for this group.
struct register_producer {
  client_link link;
  member who;
};

struct producer_registered {};

/// A session unregisters or its connection closed.
struct leave_producer {
  client_link link;
};

struct list_sessions {};

struct producer_sessions {
  std::vector<member> members; ///< by client id
};

/// One live session, each in turn; that of `client_id` unless it is empty.
struct pick_session {
  std::string client_id;
};

struct session_picked {
  client_link link;
};

/// Drops sessions without heartbeat. The actor's own timer.
struct producer_expire_tick {};

using producer_actor = caf::typed_actor<
  // Errors: busy (members_per_group_max).
  caf::replies_to<register_producer>::with<producer_registered>,
  caf::reacts_to<leave_producer>,
  caf::replies_to<list_sessions>::with<producer_sessions>,
  // Errors: producer_not_online.
  caf::replies_to<pick_session>::with<session_picked>,
  caf::reacts_to<producer_expire_tick>>;

} // namespace troupe
