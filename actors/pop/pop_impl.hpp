/// The actor pop: what it keeps, and what it does in the files around it.
/// pop_run: the queues of one pop; pop_wait: pops that found nothing;
/// pop_store: acknowledgements and what is durable; pop_revive: what nobody
/// acknowledged; pop: the rest.
#pragma once

#include "deadlines/alarm.hpp"
#include "pop/lease_table.hpp"
#include "pop/pop.hpp"
#include "pop/popped_message.hpp"
#include "pop/popper.hpp"
#include "reactor/quiet.hpp"
#include "storage/record.hpp"

#include "troupe/assert.hpp"
#include "troupe/model/names.hpp"

#include <caf/actor_cast.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <unordered_map>

namespace troupe {

using popper_key = std::pair<std::string, std::string>; // group, topic

/// Group and normal topic of a queue that is popped.
popper_key popper_key_of(const pop_key& key);

/// What a pull that pop sent is for; its answer names it by number.
struct pull_ticket {
  enum class kind : std::uint8_t {
    step,  ///< of the pop that runs
    watch, ///< wakes a pop that waits
    revive,
    copies, ///< looks for copies of leased messages, after a start
  };

  kind what = kind::step;
  popper_key popper;
  pop_target target;
  std::uint32_t revival = 0;
  queue_offset offset; ///< where the pull began
};

/// Where a message that nobody acknowledged goes.
enum class copy_kind : std::uint8_t {
  again, ///< to the retry topic
  dead,  ///< to the dead letters
};

/// A lease on its way back into the log.
struct revival {
  due_lease due;
  popper_key popper;
  std::string origin; ///< the normal topic
  std::size_t reads = 0;
  std::size_t appends = 0;
  bool failed = false;
  std::vector<append_row> again;
  std::vector<append_row> dead;
};

/// Queues that may hold copies of messages whose leases were restored.
using copy_queues = std::vector<std::pair<queue_actor, queue_offset>>;

class pop_impl : public pop_actor::base {
public:
  pop_impl(caf::actor_config& config, pop_options options);

  const char* name() const override { return "pop"; }

  behavior_type make_behavior() override;

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override;

private:
  template <class Handle>
  Handle me() {
    return caf::actor_cast<Handle>(this);
  }

  epoch_ms now() const { return options_.clock(); }

  // -- pops -------------------------------------------------------------------

  caf::typed_response_promise<pop_result> pop(pop_messages& wish);
  popper& popper_of(const std::string& group, const std::string& topic);
  /// Lets go of what nobody has popped for a while: bounded memory, and a
  /// group that has pulled meanwhile goes on where it is now.
  void release_idle();
  popper* find(const popper_key& key);
  /// Runs the first pop of the line; the next one when that has ended, so that
  /// two never look at the same messages.
  void run(popper& x);
  bool is_stuck(const popper& x) const;
  /// The queues of a pop: the retry topic now and then first, else last; the
  /// topic's own from a random one on. Sheet semantics 15.1.
  std::vector<pop_target> plan_of(const popper& x, const pop_messages& wish);
  pop_key key_of(const popper& x, const pop_target& target) const;
  /// Offsets that an administrator has set win over what was popped.
  void take_resets(popper& x);
  /// Goes on with the pop that runs: one queue after the other.
  void step(popper& x);
  static bool is_full(const open_pop& open);
  void pull(popper& x, const pop_target& target, const queue_actor& queue,
            queue_offset offset);
  caller ticket(pull_ticket what);
  void send_pull(const queue_actor& queue, pull_row row);
  /// Finds out where a group begins in a queue: its progress, or by the pop's
  /// wish.
  void begin_queue(popper& x, const popped_queue& queue,
                   const queue_actor& actor);
  /// The popper whose pop `number` still runs.
  popper* running(const popper_key& key, std::uint64_t number);

  // -- what queues answer -----------------------------------------------------

  void pulled(const pull_done& answer);
  void looked(const pull_ticket& what, const pull_outcome& outcome,
              std::span<const borrowed_bytes> runs);
  /// In order the progress follows the acknowledgements, but nothing that the
  /// filter passes over is acknowledged.
  void move_past(popped_queue& queue, const open_pop& open, queue_offset next);
  void take(popper& x, const pull_ticket& what, const pull_outcome& outcome,
            std::span<const borrowed_bytes> runs);
  void add_records(popper& x, const pull_ticket& what, std::string_view bytes,
                   popped_part& part);
  void lend(popper& x, const pull_ticket& what, queue_offset next,
            popped_part& part);

  // -- the end of a pop -------------------------------------------------------

  void finish(popper& x);
  void fail_running(popper& x, const caf::error& error);

  // -- pops that wait ---------------------------------------------------------

  /// Keeps a pop that found nothing until its time is over.
  /// @returns false when it is to be answered now
  bool wait(popper& x, open_pop& open);
  /// Has the queues that pops wait for tell of messages.
  void watch(popper& x);
  void watch_queue(popper& x, const pop_target& target);
  /// A queue has something: the first pop that waits for it looks again.
  void wake(const pull_ticket& what, pull_status why);
  void wake_one(popper& x, const pop_target& target);
  open_pop leave_waiting(popper& x, std::list<open_pop>::iterator which);
  void drop(const client_link& from);
  waiting_count count(const count_waiting& x);

  // -- acknowledgements -------------------------------------------------------

  caf::typed_response_promise<popped_acked> acknowledge(const ack_popped& x);
  caf::typed_response_promise<popped_postponed>
  postpone(const postpone_popped& x);

  template <class Reply>
  caf::typed_response_promise<Reply> answer_durable(Reply reply) {
    auto promise = make_response_promise<Reply>();
    when_durable([promise, reply](const caf::error& error) mutable {
      if (error)
        promise.deliver(error);
      else
        promise.deliver(reply);
    });
    return promise;
  }

  /// A queue that is popped in order may be open again.
  void unblocked(const pop_key& key);

  // -- to disk ----------------------------------------------------------------

  using when_stored = std::function<void(const caf::error&)>;

  void when_durable(when_stored then);
  /// Behind all that is queued already, so that one commit takes it all.
  void arm_store();
  void store();
  void adopt(const group_progress& progress);

  // -- time -------------------------------------------------------------------

  /// One timer, for what is due first.
  void arm();
  void tick();
  /// When the clock was set back, pops wait no longer for that.
  void keep_waits(epoch_ms time);

  // -- what nobody acknowledged -----------------------------------------------

  void revive_due(epoch_ms time);
  void read_leased(popper& x, std::uint32_t number);
  void read_again(const pull_ticket& what, const pull_outcome& outcome,
                  std::span<const borrowed_bytes> runs);
  void append_again(std::uint32_t number);
  static std::string copy_topic(const revival& mine, copy_kind kind);
  void append_to(const std::string& topic, std::uint32_t number,
                 std::vector<append_row> rows);
  void not_appended(std::uint32_t number, std::size_t count);
  void appended_again(const append_done& answer);
  void end_revival(std::uint32_t number);

  // -- names ------------------------------------------------------------------

  /// Finds topic, group and retry topic, then calls `then`; what waits is
  /// refused when one of the first two is missing.
  void look_up(popper& x, std::function<void(popper&)> then);
  void watch_members(const popper_key& key, const consumer_group_actor& group,
                     std::function<void(caf::error&)> missing);
  void find_retry(const popper_key& key);
  void found_all(const popper_key& key, topic_view retry);

  /// Topic and group are known and so is what was copied before the start:
  /// calls all that wait for it.
  void be_ready(const popper_key& key);

  /// Has the leases end whose messages a node that was killed has copied
  /// already. Before anything of the group and topic is popped or revived.
  void find_copies(const popper_key& key, const topic_view& retry);
  void add_copy_queue(const popper_key& key, const topic_view& view);
  void look_for_copies(const popper_key& key);
  void found_copies(const pull_ticket& what, const pull_outcome& outcome,
                    std::span<const borrowed_bytes> runs);
  /// Topic or group are gone: so is all that was popped of them.
  void refuse(const popper_key& key, const caf::error& error);
  void topic_was_changed(const std::string& topic);
  void group_was_changed(const group_changed& event);

  // -- request modes ----------------------------------------------------------

  caf::typed_response_promise<request_modes> set_mode(const request_mode& mode);
  request_modes modes() const;
  pop_report report(const std::string& group) const;

  // -- state ------------------------------------------------------------------

  pop_options options_;
  std::minstd_rand chance_;
  lease_table table_;
  std::map<popper_key, popper> poppers_;
  std::map<popper_key, std::vector<std::function<void(popper&)>>> lookups_;
  std::map<queue_key, queue_offset> copied_; ///< as it was stored
  std::set<popper_key> restored_;            ///< not looked for copies yet
  std::map<popper_key, copy_queues> copy_queues_;
  std::map<popper_key, request_mode> modes_; // topic, group
  std::unordered_map<std::uint32_t, pull_ticket> tickets_;
  std::uint32_t tickets_given_ = 0;
  std::unordered_map<std::uint32_t, revival> revivals_;
  std::uint32_t revivals_given_ = 0;
  std::uint64_t numbers_ = 0; // of pops
  std::uint64_t pops_ = 0;
  /// When pops that wait are answered: number and popper.
  std::multimap<epoch_ms, std::pair<std::uint64_t, popper_key>> deadlines_;
  std::size_t waiting_ = 0;
  std::vector<when_stored> waiting_for_store_;
  bool store_armed_ = false; // a store_leases_tick is under way
  bool storing_ = false;     // the store has changes of ours
  epoch_ms released_;        // when idle poppers were let go last
  alarm alarm_;
  epoch_ms seen_; // the latest look at the clock
  std::int64_t revived_ = 0;
  std::int64_t dead_ = 0;
};

} // namespace troupe
