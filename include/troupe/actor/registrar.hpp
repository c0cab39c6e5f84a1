/// Announces this node's broker to name servers elsewhere: one connection each,
/// kept open, all of them tried with every announcement.
/// Spawned by supervisor, detached. Sends nothing of its own accord. Blocks.
#pragma once

#include "troupe/actor/caller.hpp"
#include "troupe/model/route.hpp"

namespace troupe {

/// The current topic table. Sent by directory every
/// limits::register_period and at every change; only the newest counts.
struct announce {
  broker_registration says; ///< address empty: the connection's own address
};

/// Takes the broker out of all name servers, then ends the actor.
struct withdraw {};

struct withdrawn {};

using registrar_actor =
  caf::typed_actor<caf::reacts_to<announce>,
                   caf::replies_to<withdraw>::with<withdrawn>>;

} // namespace troupe
