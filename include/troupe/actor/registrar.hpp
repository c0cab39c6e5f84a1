/// Announces this node's broker to name servers elsewhere, so that whoever has
/// made a topic finds it there: the registrar waits for the answers, one link
/// to each name server speaks with it.
/// Spawned by supervisor: the registrar is pinned and never blocks; the links
/// are detached, block, and send nothing of their own accord.
#pragma once

#include "troupe/actor/caller.hpp"
#include "troupe/model/route.hpp"

namespace troupe {

/// The current topic table. Sent by directory every
/// limits::register_period and at every change; only the newest counts.
struct announce {
  broker_registration says; ///< address empty: the connection's own address
};

/// All name servers know it, but for those that are out of order: the registrar
/// waits for one for limits::register_wait, and not again until it answers.
struct announced {};

/// Takes the broker out of all name servers; nothing is announced after it.
struct withdraw {};

struct withdrawn {};

/// Somebody has waited long enough. The registrar's own timer.
struct register_wait_tick {};

using registrar_actor =
  caf::typed_actor<caf::replies_to<announce>::with<announced>,
                   caf::replies_to<withdraw>::with<withdrawn>,
                   caf::reacts_to<register_wait_tick>>;

/// One name server and the connection to it, which stays open.
using name_server_link_actor = caf::typed_actor<
  // Errors: io_failed, bad_config, malformed_frame, config_conflict. Logged.
  caf::replies_to<announce>::with<announced>,
  caf::replies_to<withdraw>::with<withdrawn>>;

} // namespace troupe
