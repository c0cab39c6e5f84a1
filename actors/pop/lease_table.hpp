/// What every group has popped and not acknowledged, by queue and by deadline,
/// and how far each has popped. No messages; time comes as an argument.
/// Source: RocketMQ 5.3 PopBufferMergeService, ConsumerOrderInfoManager; sheet
/// semantics 15.
#pragma once

#include "troupe/actor/pop.hpp"
#include "troupe/actor/state_store.hpp"
#include "troupe/limits.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// The group under which it is kept how far the copies in a retry or dead
/// letter topic go whose leases are gone from the disk. RocketMQ keeps the
/// progress of its revive topic under that name.
inline constexpr const char* revive_group = "CID_RMQ_SYS_REVIVE_GROUP";

/// Start and pop time of a lease.
using lease_place = std::pair<queue_offset, epoch_ms>;

/// A lease that is not in order. A million of them must be held, so it is
/// small: at most 32 messages, whose offsets mostly lie side by side.
struct lease {
  epoch_ms due; ///< 0: is being revived
  std::int64_t invisible_ms = 0;
  /// Distances of the messages from the start; null: 0, 1, 2 ...
  std::unique_ptr<std::uint32_t[]> places;
  std::uint32_t open = 0; ///< bit i: message i is not acknowledged
  std::int16_t revive_queue = 0;
  std::uint8_t count = 0;
  connection_id popper; ///< for people; not stored
};

/// One queue as one group pops it.
struct popped_queue {
  pop_key key;
  std::optional<queue_offset> next; ///< of the next pop; none: not asked yet
  std::map<lease_place, lease> leases;
  std::unique_ptr<lease_row> in_order; ///< the one pop in order there is
  connection_id in_order_popper;       ///< for people; not stored
  std::int64_t in_flight = 0;          ///< messages of all its leases
};

/// A lease whose time is over.
struct due_lease {
  lease_key key;
  std::vector<queue_offset> offsets; ///< those not acknowledged
  bool in_order = false;             ///< stays: its queue may be popped again
};

/// What a pop took.
struct grant {
  queue_offset start;
  std::vector<queue_offset> offsets; ///< ascending, 1 to 32
  epoch_ms pop_time;
  std::int64_t invisible_ms = 0;
  std::int32_t revive_queue = 0;
  connection_id popper{};
};

enum class ack_outcome : std::uint8_t {
  done,
  unknown, ///< acknowledged or revived before
  illegal, ///< in order: the lease has no such message
};

class lease_table {
public:
  explicit lease_table(std::size_t messages_max = limits::leased_messages_max)
    : messages_max_(messages_max) {}

  /// Takes what was stored.
  void restore(const std::vector<lease_row>& rows);

  popped_queue* find(const pop_key& key);
  popped_queue& at(const pop_key& key);

  /// Whether `count` more messages may be leased.
  bool has_room(std::size_t count) const {
    return messages_ + count <= messages_max_;
  }

  std::size_t messages() const { return messages_; }

  // -- progress ---------------------------------------------------------------

  /// Where a queue is popped next; made durable with the next changes.
  void move_to(popped_queue& queue, queue_offset next);

  // -- leases -----------------------------------------------------------------

  void lend(popped_queue& queue, const grant& taken);

  ack_outcome acknowledge(const lease_key& key, queue_offset offset);

  /// Whether a message is leased and not acknowledged.
  bool is_open(const lease_key& key, queue_offset offset);

  /// Who has a message of a queue, in order or not.
  lease_found find_open(const pop_key& key, queue_offset offset, epoch_ms now);

  /// The copy before `next` is in the log, its message acknowledged: both are
  /// durable with the next changes, and not without each other.
  void note_copy(const queue_key& queue, queue_offset next) {
    copied_[queue] = next;
  }

  /// Ends the lease of one message and makes one of its own from `now` on.
  ack_outcome postpone(const lease_key& key, queue_offset offset, epoch_ms now,
                       std::int64_t invisible_ms);

  /// How many messages are lent that the queue's progress has passed: those of
  /// pops in order stay before it.
  static std::int64_t lent_before_next(const popped_queue& queue);

  /// The first message that is lent and not acknowledged.
  static std::optional<queue_offset> first_open(const popped_queue& queue);

  // -- leases in order ----------------------------------------------------------

  /// Until when a queue may not be popped; none when it may now.
  std::optional<epoch_ms> blocked_until(const popped_queue& queue,
                                        std::string_view attempt,
                                        epoch_ms now) const;

  /// Takes the place of the lease in order that was there.
  /// @returns how often each offset was popped before
  std::vector<std::int32_t>
  lend_in_order(popped_queue& queue, const grant& taken, std::string attempt);

  /// An acknowledgement moves the queue's progress to its first open message.
  ack_outcome acknowledge_in_order(const lease_key& key, queue_offset offset);
  ack_outcome postpone_in_order(const lease_key& key, queue_offset offset,
                                epoch_ms now, std::int64_t invisible_ms);

  /// Lets a queue be popped at once, as after a reset of its progress.
  void unblock(popped_queue& queue);

  // -- time -------------------------------------------------------------------

  /// The earliest deadline there is.
  std::optional<epoch_ms> next_due() const;

  /// Takes at most `count_max` leases whose time is over. They stay in the
  /// table until they are acknowledged or put back.
  std::vector<due_lease> take_due(epoch_ms now, std::size_t count_max);

  /// Has a lease that could not be revived come again at `due`.
  void put_back(const lease_key& key, epoch_ms due);

  // -- changes ----------------------------------------------------------------

  bool has_changes() const {
    return !changed_.empty() || !removed_.empty() || !moved_.empty()
           || !copied_.empty();
  }

  /// What is to be stored since the last call.
  put_leases take_changes();

  // -- the end of names -------------------------------------------------------

  void forget_topic(std::string_view topic);
  void forget_group(std::string_view group);

  /// Lets go of a queue's progress when nothing of it is leased: it is asked
  /// for again.
  void release(const pop_key& key);

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const auto& [key, queue] : queues_)
      visit(queue);
  }

  /// @invariant  the counts are those of the leases, each open one has a
  ///             deadline or is being revived
  void check_invariants() const;

private:
  struct deadline {
    epoch_ms at;
    popped_queue* queue;
    lease_place place;
    bool in_order;

    auto operator<=>(const deadline&) const = default;
  };

  using queues_map = std::map<pop_key, popped_queue>;

  static std::map<lease_place, lease>::iterator
  lease_of(popped_queue& queue, const lease_key& key, queue_offset offset);
  void end(popped_queue& queue, std::map<lease_place, lease>::iterator which);
  void end_in_order(popped_queue& queue);
  void arm_in_order(popped_queue& queue);
  void disarm_in_order(popped_queue& queue);
  queues_map::iterator forget(queues_map::iterator which);
  lease_row row_of(const popped_queue& queue, const lease_place& place) const;

  std::size_t messages_max_;
  std::size_t messages_ = 0;
  queues_map queues_;
  std::set<deadline> deadlines_;
  std::set<std::pair<popped_queue*, lease_place>> changed_;
  std::set<popped_queue*> moved_;
  std::vector<lease_key> removed_;
  std::map<queue_key, queue_offset> copied_;
};

} // namespace troupe
