/// The range of every queue of a topic, and when its last message was stored.
/// Shared by the handlers that show topics.
#pragma once

#include "gateway/handlers/handlers.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace troupe::handlers {

struct queue_state_at_end {
  queue_id queue;
  queue_range range;
  epoch_ms last_store_time; ///< -1 when there is no message
};

/// Asks all queues, then calls `then` once.
inline void gather_queues(
  gateway_context& context, const caller& from, const topic_view& view,
  std::function<void(const std::vector<queue_state_at_end>&)> then) {
  struct round {
    std::vector<queue_state_at_end> queues;
    std::size_t open;
  };

  auto state = std::make_shared<round>();
  state->queues.resize(view.queues.size());
  state->open = view.queues.size();
  if (state->open == 0)
    return then(state->queues);
  for (std::size_t i = 0; i < view.queues.size(); ++i) {
    const auto& queue = view.queues[i];
    context.ask(from, queue, query_range{},
                [=, &context](const queue_range& range) {
                  auto& mine = state->queues[i];
                  mine.queue = {static_cast<std::int32_t>(i)};
                  mine.range = range;
                  context.ask(from, queue, query_store_time{range.max + -1},
                              [=](const store_time_found& x) {
                                state->queues[i].last_store_time = x.time;
                                if (--state->open == 0)
                                  then(state->queues);
                              });
                });
  }
}

} // namespace troupe::handlers
