/// The queues that a custom actor consumes: where it is in each, and what was
/// pulled and not worked on yet. Never more than one pull's bytes a queue.
#pragma once

#include "storage/record.hpp"

#include "troupe/actor/queue.hpp"
#include "troupe/actor/state_store.hpp"
#include "troupe/model/queue_key.hpp"
#include "troupe/model/subscription.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// One queue that is consumed.
struct intake_queue {
  queue_key key;
  queue_actor actor;
  subscription_ptr filter; ///< null: everything
  queue_offset done;       ///< everything before it has been worked on
  queue_offset committed;  ///< of `done`, what is on disk
  queue_offset max;        ///< next offset that the queue will give
  std::uint32_t pull = 0;  ///< number of the pull under way; 0: none
  epoch_ms pulled_at;
  // What was pulled: the rest of runs[run] and the runs behind it.
  std::vector<borrowed_bytes> runs;
  std::size_t run = 0;
  std::size_t at = 0;       ///< bytes of runs[run] that are behind us
  queue_offset behind;      ///< where `done` is when all runs are worked on
  std::int32_t waiting = 0; ///< messages in them
};

/// Whether a queue has been consumed before.
enum class progress : std::uint8_t {
  known,
  none
};

class intake {
public:
  /// Adds a queue that begins at `from`, or gives a known one its new actor.
  /// @param known  whether `from` is on disk
  void add(const queue_key& key, const queue_actor& actor,
           subscription_ptr filter, queue_offset from, progress known);

  /// Forgets the queues of a topic.
  /// @returns their keys
  std::vector<queue_key> drop(const std::string& topic);

  std::vector<intake_queue>& queues() { return queues_; }

  const std::vector<intake_queue>& queues() const { return queues_; }

  intake_queue* find(const queue_key& key);

  /// The next pull of `queue`; it must have nothing left to work on.
  pull_row make_pull(intake_queue& queue, epoch_ms now);

  /// Takes the answer to a pull.
  void take(const pull_done& done);

  /// The next message to work on, each queue in turn; none when there is none.
  struct head {
    intake_queue* of = nullptr;
    storage::record_view record;
  };

  std::optional<head> next();

  /// `x` has been worked on.
  static void pass(const head& x);

  /// Sets where a queue goes on; what was pulled is dropped.
  static void move_to(intake_queue& queue, queue_offset offset);

  /// Progress that is not on disk yet.
  std::vector<offset_row> uncommitted() const;

  /// `rows` are on disk.
  void committed(const std::vector<offset_row>& rows);

private:
  std::optional<storage::record_view> head_of(intake_queue& queue);

  std::vector<intake_queue> queues_;
  std::size_t turn_ = 0;
  std::uint32_t pulls_ = 0;
};

} // namespace troupe
