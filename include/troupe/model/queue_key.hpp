/// A queue's full name.
#pragma once

#include "troupe/units.hpp"

#include <compare>
#include <string>

namespace troupe {

/// Topic and queue id. Two brokers may hold queues of the same key.
struct queue_key {
  std::string topic;
  queue_id queue;

  auto operator<=>(const queue_key&) const = default;
};

} // namespace troupe
