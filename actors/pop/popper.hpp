/// What pop knows of one topic as one group pops it: queues, settings, the pop
/// that runs and those that wait.
#pragma once

#include "troupe/actor/pop.hpp"

#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <deque>
#include <list>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// A queue of the topic or of its retry topic.
struct pop_target {
  pop_source source = pop_source::normal;
  queue_id queue;

  auto operator<=>(const pop_target&) const = default;
};

/// One pop on its way through the queues.
struct open_pop {
  pop_messages wish;
  caf::typed_response_promise<pop_result> promise;
  pop_result result;
  std::uint64_t number = 0;       ///< in order of arrival
  std::vector<pop_target> plan;   ///< queues to look at, in this order
  std::size_t at = 0;             ///< index into plan
  std::int32_t messages = 0;      ///< found so far
  std::int32_t scans = 0;         ///< of the queue at hand
  std::vector<pop_target> closed; ///< queues that a message does not open
};

struct popper {
  std::string group;
  std::string topic;
  consumer_group_actor group_actor; // null: not looked up yet
  group_snapshot_ptr snapshot;
  topic_view view;
  topic_view retry; ///< without queues: there is no retry topic yet
  bool ready = false;
  bool looking_up = false;
  std::deque<open_pop> line; ///< the first one runs, when `running`
  bool running = false;
  epoch_ms step_began;         ///< of the one that runs
  std::list<open_pop> waiting; ///< found nothing; in order of arrival
  /// Queues at which a pull of ours waits for messages.
  std::set<pop_target> watched;
  epoch_ms used; ///< last

  const topic_view& view_of(pop_source source) const {
    return source == pop_source::normal ? view : retry;
  }
};

} // namespace troupe
