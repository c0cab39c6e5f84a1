/// Spawns a topic; see troupe/actor/topic.hpp.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/topic.hpp"

#include <functional>

namespace troupe {

/// Makes the actor of one queue of the topic.
using queue_factory = std::function<queue_actor(queue_id)>;

topic_actor spawn_topic(caf::actor_system& system, placement where,
                        topic_config config, queue_factory make_queue);

} // namespace troupe
