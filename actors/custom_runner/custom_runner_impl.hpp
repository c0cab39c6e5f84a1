/// The runner of a custom actor: what it keeps, and what it does in the files
/// around it. custom_runner_queues: which queues it consumes;
/// custom_runner_work: calls of the actor, pulls and time;
/// custom_runner_commit: what the calls led to, on its way to disk;
/// custom_runner: the rest.
#pragma once

#include "custom_runner/custom_runner.hpp"
#include "custom_runner/intake.hpp"
#include "custom_runner/judging.hpp"
#include "custom_runner/outbox.hpp"
#include "custom_runner/sifting.hpp"

#include "troupe/custom/parking.hpp"
#include "troupe/custom/performer.hpp"

#include <caf/actor_cast.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe {

class custom_runner_impl : public custom_runner_actor::base {
public:
  custom_runner_impl(caf::actor_config& config, custom_runner_options options);

  const char* name() const override { return "custom_runner"; }

  behavior_type make_behavior() override;

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override;

private:
  /// Delivers an answer that waits for a commit.
  using open_answer = std::function<void()>;

  template <class Handle>
  Handle me() {
    return caf::actor_cast<Handle>(this);
  }

  // -- birth and end ----------------------------------------------------------

  caf::typed_response_promise<runner_started> start();
  caf::error begin(custom_rows& rows);
  runner_restarted restart();
  void suspend(const suspend_runner& wish);
  caf::typed_response_promise<runner_stopped> stop();
  void end();

  // -- questions --------------------------------------------------------------

  caf::typed_response_promise<custom_answer> ask(ask_runner& x);
  /// Answers when what calls have changed so far is on disk.
  void answer_durably(open_answer answer);
  static void settle(const std::vector<open_answer>& answers);
  custom_state state() const;
  /// Empty when it consumes nothing.
  std::string own_group() const;
  custom_report report() const;

  // -- which queues -----------------------------------------------------------

  /// The group that shows progress to people, and takes resets from them.
  void find_own_group();
  /// There is no group to be paused by.
  void be_alone(const caf::error& error);
  /// Topics that are there already: `last` is their end. Those that are made
  /// from now on begin with their first message.
  void list_present();
  void look_at_all();
  /// A topic was made, changed or deleted, or is seen for the first time.
  void look_at(const std::string& topic);
  void consume_topic(const std::string& topic, const topic_view& view);
  void begin_at_end(const queue_key& key, const queue_actor& queue,
                    const subscription_ptr& filter);
  void add(const queue_key& key, const queue_actor& queue,
           const subscription_ptr& filter, queue_offset known);
  /// A topic was deleted: should it be made again, it begins at 0.
  void forget(const std::string& topic);
  /// Offsets that an administrator has set.
  void take_resets(const group_snapshot_ptr& snapshot);

  // -- work -------------------------------------------------------------------

  /// Everything that can be done now: calls, then one commit of what they led
  /// to, then pulls.
  void work();
  void work_on_messages();
  /// @returns whether the actor can go on
  bool work_on(const intake::head& head);
  /// Why it is not called when it is asked; empty: it is.
  std::string_view why_not_asked() const;
  void judge_all(intercept_batch& batch);
  void filter_all(filter_batch& batch);
  caf::typed_response_promise<transaction_checked>
  check(const check_transaction& x);
  /// Whether calls have left anything to commit, to tell or to wait for.
  bool has_left_work() const;
  void tell_failures();
  /// Puts a message aside with what is known of why.
  void park(const custom::message& m);

  // -- commit -----------------------------------------------------------------

  /// Stores what was sent, then state and progress in one transaction. One
  /// commit at a time; what happens meanwhile is the next one.
  void commit();
  void mail();
  void find_target(const std::string& topic);
  void appended(const append_done& ended);
  void put();
  /// What was answered is durable now: the clients that wait may know it.
  void push_replies();
  /// The node cannot take what the actor has done: nothing is lost, it is tried
  /// again, and nothing more is worked on meanwhile.
  void hindered(std::string why);

  // -- pulls and time ---------------------------------------------------------

  void pull();
  /// Looks after those who should have answered long ago.
  void watch();
  void tick();
  /// One timer, for what is due first.
  void arm();

  // -- state ------------------------------------------------------------------

  custom_runner_options options_;
  custom::performer performer_;
  intake intake_;
  outbox outbox_;
  std::string group_name_ = "custom-" + options_.role.spec.name;
  consumer_group_actor group_;                 // null: not found yet
  std::map<queue_key, queue_offset> progress_; // also of topics not there now
  std::vector<custom::outgoing> parked_messages_; // for the next commit
  std::set<std::string> present_;    // at birth, consumed from their end
  bool paused_ = false;              // its group may not consume
  bool suspended_ = false;           // it is not called, but for questions
  bool listed_ = false;              // present_ is known
  std::set<std::string> asking_;     // topics under way
  std::vector<open_answer> answers_; // wait for the next commit
  std::vector<open_answer> waiting_answers_; // for the one under way
  std::vector<custom::ledger::letter_back> waiting_replies_; // likewise
  put_custom put_;                         // of the commit under way
  std::vector<offset_row> committed_rows_; // likewise
  bool committing_ = false;                // a commit is under way
  bool putting_ = false; // its messages are stored, the store has the rest
  bool started_ = false;
  bool stopping_ = false;
  caf::typed_response_promise<runner_stopped> stopped_;
  epoch_ms mailed_at_;
  epoch_ms watch_at_;
  epoch_ms retry_at_;  // 0: nothing is to be tried again
  epoch_ms armed_for_; // 0: no tick is under way
  std::int64_t consumed_ = 0;
  std::int64_t sent_ = 0;
  judge_counts judged_;
  std::int64_t unserved_ = 0;
  std::int64_t checked_ = 0;
  std::int64_t decided_ = 0;
  sift_counts sifted_;
  std::int64_t parked_ = 0;
  std::int64_t failures_told_ = 0;
  std::string last_parked_;
  std::string hindrance_; // why it waits; empty: it does not
};

} // namespace troupe
