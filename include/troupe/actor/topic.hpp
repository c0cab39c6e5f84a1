/// One topic: its settings and its queue actors, spawned on first use.
/// Spawned by directory. Sends to queue. Never blocks.
#pragma once

#include "troupe/actor/queue.hpp"
#include "troupe/model/topic_config.hpp"

#include <memory>

namespace troupe {

/// Settings and queues, as of now. `queues[i]` is the queue with id i; there
/// are max(read, write) of them.
struct topic_view {
  std::shared_ptr<const topic_config> config;
  std::vector<queue_actor> queues;
};

struct describe_topic {};

/// New settings, already durable. Queues are added, never taken away.
struct set_topic_config {
  topic_config config;
};

/// The state of every queue.
struct describe_queues {};

struct queue_reports {
  std::vector<queue_report> queues; ///< by queue id
};

/// Deletes all queues and ends the actor.
struct remove_topic {};

using topic_actor =
  caf::typed_actor<caf::replies_to<describe_topic>::with<topic_view>,
                   caf::replies_to<set_topic_config>::with<topic_view>,
                   caf::replies_to<describe_queues>::with<queue_reports>,
                   // Asks every queue and joins the answers: for checkpoints.
                   caf::replies_to<write_rows>::with<rows_written>,
                   caf::reacts_to<trim_queue>, caf::reacts_to<remove_topic>>;

} // namespace troupe
