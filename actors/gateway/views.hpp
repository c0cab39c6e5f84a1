/// What a gateway remembers of topics and groups, so that a send or a pull goes
/// straight to its queue. Kept right by topic_changed and group_changed.
#pragma once

#include "troupe/actor/directory.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe {

/// Places of one queue's batches in the running round.
struct queue_round {
  std::int32_t append = -1; ///< index into round's append batches; -1: none
  std::int32_t pull = -1;
  std::uint32_t held = 0;    ///< index into the rows that are to be judged next
  std::uint64_t held_in = 0; ///< the number of those; another's: none are held
};

struct known_topic {
  topic_view view;
  std::vector<queue_round> round; ///< by queue id
  std::int32_t judge = -1;        ///< place of its first interceptor; -1: none
  std::uint64_t judge_of = 0;     ///< the interceptors among which it was found

  const topic_config& config() const { return *view.config; }
};

/// The last pull of one queue.
struct pull_note {
  queue_offset offset;
  connection_id from;
  epoch_ms time; ///< 0: none
};

struct name_hash {
  using is_transparent = void;

  std::size_t operator()(std::string_view name) const {
    return std::hash<std::string_view>{}(name);
  }
};

template <class Known>
using known_by_name =
  std::unordered_map<std::string, Known, name_hash, std::equal_to<>>;

struct known_group {
  consumer_group_actor actor;
  group_snapshot_ptr snapshot;
  std::vector<offset_row> commits;             ///< of the running round
  bool in_round = false;                       ///< has commits
  known_by_name<std::vector<pull_note>> pulls; ///< topic -> by queue id
  known_by_name<pull_note> pops;               ///< topic -> of any queue
};

} // namespace troupe
