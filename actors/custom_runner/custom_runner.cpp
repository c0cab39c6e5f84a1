#include "custom_runner/custom_runner.hpp"

#include "custom_runner/intake.hpp"
#include "custom_runner/judging.hpp"
#include "custom_runner/outbox.hpp"
#include "custom_runner/sifting.hpp"
#include "reactor/metered.hpp"

#include "troupe/custom/parking.hpp"
#include "troupe/custom/performer.hpp"
#include "troupe/custom/topic_pattern.hpp"
#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"

#include <caf/actor_cast.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace troupe {

namespace {

class runner_impl : public custom_runner_actor::base {
public:
  runner_impl(caf::actor_config& config, custom_runner_options options)
    : custom_runner_actor::base(config),
      options_(std::move(options)),
      performer_(options_.role.spec.name, options_.role.type,
                 options_.role.arguments, options_.role.granted,
                 [clock = options_.clock] { return clock().value; }),
      outbox_(options_.self, options_.delays) {}

  const char* name() const override { return "custom_runner"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    return {
      [this](const start_runner&) { return start(); },
      [this](ask_runner& x) { return ask(x); },
      [this](const describe_runner&) { return report(); },
      [this](const restart_runner&) {
        performer_.restart();
        log::info("custom_runner", "actor is made anew")
          .with("name", options_.role.spec.name);
        work();
        return runner_restarted{};
      },
      [this](const stop_runner&) { return stop(); },
      [this](const pull_done& x) {
        intake_.take(x);
        work();
      },
      [this](const append_done& x) { appended(x); },
      [this](intercept_batch& x) { judge_all(x); },
      [this](filter_batch& x) { filter_all(x); },
      [this](const check_transaction& x) { return check(x); },
      [this](const topic_changed& x) { look_at(x.topic); },
      [this](const group_changed& x) { take_resets(x.snapshot); },
      [this](const runner_tick&) { tick(); },
    };
  }

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override {
    performer_.retire();
    intake_ = {};
    outbox_ = {};
    answers_.clear();
    group_ = consumer_group_actor{};
    options_.directory = directory_actor{};
    options_.store = state_store_actor{};
    options_.gateway = gateway_actor{};
  }

private:
  /// Delivers an answer that waits for a commit.
  using open_answer = std::function<void()>;

  template <class Handle>
  Handle me() {
    return caf::actor_cast<Handle>(this);
  }

  // -- birth ------------------------------------------------------------------

  caf::typed_response_promise<runner_started> start() {
    auto promise = make_response_promise<runner_started>();
    request(options_.store, caf::infinite, load_custom{options_.role.spec.name})
      .then(
        [this, promise](custom_rows& rows) mutable {
          if (auto error = begin(rows))
            promise.deliver(std::move(error));
          else
            promise.deliver(runner_started{
              own_group(), performer_.wants().intercepts,
              performer_.wants().filters, performer_.wants().checks});
        },
        [promise](caf::error& error) mutable {
          promise.deliver(std::move(error));
        });
    return promise;
  }

  caf::error begin(custom_rows& rows) {
    custom::ledger::rows state;
    for (auto& [key, value] : rows.state)
      state.emplace(std::move(key), std::move(value));
    for (const auto& row : rows.progress)
      progress_[row.queue] = row.offset;
    if (auto why = performer_.begin(std::move(state)); !why.empty())
      return make_error(errc::invalid_argument, why);
    const auto& wants = performer_.wants();
    if (!wants.group_name.empty())
      group_name_ = wants.group_name;
    if (auto why = names::why_bad_group(group_name_); !why.empty())
      return make_error(errc::invalid_argument, why);
    for (const auto& x : wants.consumptions)
      if (auto filter = tag_filter::compile(x.tags); !filter)
        return make_error(errc::invalid_argument, context_of(filter.error()));
    if (!wants.consumptions.empty()) {
      paused_ = true; // until its group says otherwise
      find_own_group();
      send(options_.directory, watch_topics{me<topic_watcher>()});
      list_present();
    }
    started_ = true;
    watch();
    work();
    return caf::none;
  }

  /// The group that shows progress to people, and takes resets from them.
  void find_own_group() {
    request(options_.directory, caf::infinite, find_group{group_name_, true})
      .then(
        [this](group_found& found) {
          group_ = found.group;
          request(group_, caf::infinite, watch_group{me<group_watcher>()})
            .then([this](const group_watched& x) { take_resets(x.snapshot); },
                  [this](const caf::error& error) { be_alone(error); });
          std::vector<offset_row> rows;
          for (const auto& x : intake_.queues())
            rows.push_back({x.key, x.done});
          if (!rows.empty())
            send(group_, commit_offsets{std::move(rows)});
        },
        [this](const caf::error& error) { be_alone(error); });
  }

  /// There is no group to be paused by.
  void be_alone(const caf::error& error) {
    log::warning("custom_runner", "progress is not shown as a group's")
      .with("name", options_.role.spec.name)
      .with("group", group_name_)
      .with("why", describe(error));
    paused_ = false;
    work();
  }

  // -- which queues -----------------------------------------------------------

  /// Topics that are there already: `last` is their end. Those that are made
  /// from now on begin with their first message.
  void list_present() {
    request(options_.directory, caf::infinite, list_topics{})
      .then([this](const topic_list& list) {
        for (const auto& x : list.topics)
          if (const auto* wish = performer_.wish_for(x.name);
              wish != nullptr && wish->from == custom::begin_at::last)
            present_.insert(x.name);
        listed_ = true;
        look_at_all();
      });
  }

  void look_at_all() {
    auto any_pattern = false;
    for (const auto& x : performer_.wants().consumptions)
      if (custom::is_pattern(x.topic))
        any_pattern = true;
      else
        look_at(x.topic);
    if (any_pattern)
      request(options_.directory, caf::infinite, list_topics{})
        .then([this](const topic_list& list) {
          for (const auto& x : list.topics)
            look_at(x.name);
        });
  }

  /// A topic was made, changed or deleted, or is seen for the first time.
  void look_at(const std::string& topic) {
    outbox_.forget(topic);
    if (!listed_)
      return; // all are looked at then
    if (performer_.wish_for(topic) == nullptr)
      return;
    request(options_.directory, caf::infinite, find_topic{topic, {}, false})
      .then(
        [this, topic](const topic_view& view) { consume_topic(topic, view); },
        [this, topic](const caf::error& error) {
          if (is(error, errc::topic_not_found))
            forget(topic); // until it is made
        });
  }

  void consume_topic(const std::string& topic, const topic_view& view) {
    const auto* wish = performer_.wish_for(topic);
    auto filter = std::make_shared<subscription>();
    filter->topic = topic;
    filter->expression = wish->tags;
    if (auto compiled = tag_filter::compile(wish->tags))
      filter->filter = std::move(*compiled);
    auto queues = std::min(view.queues.size(),
                           static_cast<std::size_t>(view.config->read_queues));
    for (std::size_t i = 0; i < queues; ++i) {
      queue_key key{topic, {static_cast<std::int32_t>(i)}};
      auto known = progress_.find(key);
      if (known == progress_.end() && present_.contains(topic)) {
        begin_at_end(key, view.queues[i], filter);
        continue;
      }
      add(key, view.queues[i], filter,
          known == progress_.end() ? queue_offset{} : known->second);
    }
    work();
  }

  void begin_at_end(const queue_key& key, const queue_actor& queue,
                    const subscription_ptr& filter) {
    request(queue, caf::infinite, query_range{})
      .then([this, key, queue, filter](const queue_range& range) {
        add(key, queue, filter, range.max);
        work();
      });
  }

  void add(const queue_key& key, const queue_actor& queue,
           const subscription_ptr& filter, queue_offset known) {
    if (intake_.find(key) == nullptr
        && intake_.queues().size() >= limits::custom_queues_max) {
      log::warning("custom_runner", "a queue too many is not consumed")
        .with("name", options_.role.spec.name)
        .with("topic", key.topic)
        .with("queue", key.queue.value);
      return;
    }
    auto everything = filter->filter.matches_everything();
    intake_.add(key, queue, everything ? nullptr : filter, known,
                progress_.contains(key) ? progress::known : progress::none);
  }

  /// A topic was deleted: should it be made again, it begins at 0.
  void forget(const std::string& topic) {
    present_.erase(topic);
    put_custom rows{options_.role.spec.name, {}, {}};
    for (const auto& key : intake_.drop(topic)) {
      progress_.erase(key);
      rows.progress.push_back({key, {0}});
    }
    if (!rows.progress.empty())
      request(options_.store, caf::infinite, std::move(rows))
        .then([](const stored&) {});
  }

  /// Offsets that an administrator has set.
  void take_resets(const group_snapshot_ptr& snapshot) {
    if (!snapshot) { // the group was deleted
      group_ = consumer_group_actor{};
      paused_ = false;
      return work();
    }
    paused_ = !snapshot->config.consume_enable;
    for (const auto& [key, offset] : snapshot->resets) {
      auto* queue = intake_.find(key);
      if (queue == nullptr)
        continue;
      log::info("custom_runner", "progress was reset")
        .with("name", options_.role.spec.name)
        .with("topic", key.topic)
        .with("queue", key.queue.value)
        .with("offset", offset.value);
      intake::move_to(*queue, offset);
      send(group_, take_reset{key});
    }
    work();
  }

  // -- work -------------------------------------------------------------------

  /// Everything that can be done now: calls, then one commit of what they led
  /// to, then pulls.
  void work() {
    if (!started_)
      return;
    if (!stopping_ && !committing_ && performer_.is_ready()) {
      performer_.run_timers();
      if (!paused_)
        work_on_messages();
    }
    tell_failures();
    commit();
    pull();
    arm();
  }

  void work_on_messages() {
    const auto& books = performer_.books();
    for (std::size_t i = 0;
         i < limits::custom_batch_messages_max
         && books.sent_bytes() < limits::custom_batch_bytes_max;
         ++i) {
      auto head = intake_.next();
      if (!head || !work_on(*head))
        return;
    }
  }

  /// @returns whether the actor can go on
  bool work_on(const intake::head& head) {
    if (!performer_.is_ready())
      return false;
    std::string inflated;
    auto m = message_of(head.record, inflated);
    if (performer_.deliver(m)) {
      ++consumed_;
      intake::pass(head);
      return true;
    }
    if (performer_.is_exhausted(m)) {
      park(m);
      intake::pass(head);
    }
    return false;
  }

  void judge_all(intercept_batch& batch) {
    intercept_done said;
    said.number = batch.number;
    intercept_outcome x;
    for (std::uint32_t i = 0; i < batch.rows.size(); ++i) {
      if (!started_ || stopping_) {
        x.what = interception::failed;
        x.reason = "it is ending";
      } else {
        intercepted_ += judge(performer_, batch.rows[i], x);
      }
      if (x.what == interception::accepted)
        continue;
      if (x.what == interception::rejected)
        ++rejected_;
      x.row = i;
      said.rows.push_back(std::exchange(x, {}));
    }
    auto asker = std::move(batch.reply_to);
    batch = {}; // before the gateway takes back what the rows point to
    send(asker, std::move(said));
    work(); // commits what the calls have changed
  }

  void filter_all(filter_batch& batch) {
    filter_done said;
    said.rows.reserve(batch.rows.size());
    for (auto& row : batch.rows) {
      if (started_ && !stopping_) {
        said.rows.push_back(sift(performer_, row, sifted_));
        continue;
      }
      said.rows.emplace_back().number = row.number;
      said.rows.back().failed = "it is ending";
    }
    send(batch.reply_to, std::move(said));
    work(); // commits what the calls have changed
  }

  caf::typed_response_promise<transaction_checked>
  check(const check_transaction& x) {
    auto promise = make_response_promise<transaction_checked>();
    transaction_checked said;
    if (started_ && !stopping_ && performer_.is_ready()) {
      std::string inflated;
      said.outcome = performer_.check(half_of(x, inflated));
      ++checked_;
      if (said.outcome != custom::transaction_outcome::unknown)
        ++decided_;
    }
    auto deliver = [promise, said]() mutable { promise.deliver(said); };
    answer_durably(std::move(deliver));
    work();
    return promise;
  }

  void tell_failures() {
    const auto& life = performer_.life();
    if (life.failures() == failures_told_)
      return;
    failures_told_ = life.failures();
    auto quarantined = life.state() == custom::life::quarantined;
    log::warning("custom_runner", quarantined
                                    ? "actor failed, is left alone until it "
                                      "is restarted"
                                    : "actor failed, is made anew")
      .with("name", options_.role.spec.name)
      .with("failures_in_row", life.failures_in_row())
      .with("why", performer_.last_error());
  }

  /// Puts a message aside with what is known of why.
  void park(const custom::message& m) {
    parked_messages_.push_back(custom::parked(
      m, {group_name_, options_.role.spec.name, performer_.last_error(),
          options_.role.granted.attempts, options_.clock().value}));
    ++parked_;
    last_parked_ = custom::place_text(m);
    log::warning("custom_runner", "message put aside")
      .with("name", options_.role.spec.name)
      .with("message", last_parked_)
      .with("topic", parked_messages_.back().topic);
  }

  // -- commit -----------------------------------------------------------------

  /// Stores what was sent, then state and progress in one transaction. One
  /// commit at a time; what happens meanwhile is the next one.
  void commit() {
    if (committing_)
      return;
    auto& books = performer_.books();
    committed_rows_ = intake_.uncommitted();
    if (committed_rows_.empty() && !books.has_sent() && !books.has_changes()
        && !books.has_replies() && parked_messages_.empty())
      return settle(std::exchange(answers_, {}));
    committing_ = true;
    put_ = {options_.role.spec.name, books.take_changes(), committed_rows_};
    auto messages = books.take_sent();
    std::ranges::move(parked_messages_, std::back_inserter(messages));
    parked_messages_.clear();
    sent_ += static_cast<std::int64_t>(messages.size());
    waiting_answers_ = std::exchange(answers_, {});
    waiting_replies_ = books.take_replies();
    outbox_.fill(std::move(messages), options_.clock());
    mail();
  }

  void mail() {
    if (outbox_.is_empty())
      return put();
    for (const auto& topic : outbox_.missing_topics())
      find_target(topic);
    for (auto& parcel : outbox_.take_ready()) {
      parcel.batch.reply_to = me<append_asker>();
      send(parcel.to, std::move(parcel.batch));
    }
    mailed_at_ = options_.clock();
  }

  void find_target(const std::string& topic) {
    if (!asking_.insert(topic).second)
      return;
    find_topic wish{topic,
                    topic_template{std::string{names::auto_create_topic},
                                   limits::default_topic_queues, 0},
                    names::is_retry_topic(topic)
                      || names::is_dead_letter_topic(topic)};
    request(options_.directory, caf::infinite, std::move(wish))
      .then(
        [this, topic](topic_view& view) {
          asking_.erase(topic);
          outbox_.learn(topic, std::move(view));
          mail();
        },
        [this, topic](const caf::error& error) {
          asking_.erase(topic);
          hindered(describe(error));
        });
  }

  void appended(const append_done& ended) {
    auto failure = outbox_.settle(ended);
    if (failure != errc::none)
      return hindered(std::string{to_string(failure)} + ": " + ended.why);
    if (committing_ && !putting_ && outbox_.is_empty())
      put();
  }

  void put() {
    if (putting_)
      return;
    putting_ = true;
    request(options_.store, caf::infinite, put_)
      .then(
        [this](const stored&) {
          putting_ = committing_ = false;
          hindrance_.clear();
          intake_.committed(committed_rows_);
          for (const auto& row : committed_rows_)
            progress_[row.queue] = row.offset;
          if (group_ && !committed_rows_.empty())
            send(group_, commit_offsets{std::move(committed_rows_)});
          put_ = {};
          settle(std::exchange(waiting_answers_, {}));
          push_replies();
          if (stopping_)
            end();
          else
            work();
        },
        [this](const caf::error& error) {
          putting_ = false;
          hindered(describe(error));
        });
  }

  /// What was answered is durable now: the clients that wait may know it.
  void push_replies() {
    for (auto& x : std::exchange(waiting_replies_, {})) {
      push_reply letter{std::move(x.client), group_name_,
                        payload::copy_of(x.body),
                        payload::copy_of(x.properties)};
      request(options_.gateway, caf::infinite, std::move(letter))
        .then([](const reply_pushed&) {},
              [this](const caf::error&) { ++unserved_; });
    }
  }

  /// The node cannot take what the actor has done: nothing is lost, it is tried
  /// again, and nothing more is worked on meanwhile.
  void hindered(std::string why) {
    if (hindrance_ != why)
      log::warning("custom_runner", "waits: what it did cannot be stored")
        .with("name", options_.role.spec.name)
        .with("why", why);
    hindrance_ = std::move(why);
    retry_at_ = options_.clock() + limits::custom_retry.count();
    arm();
  }

  // -- pulls and time ---------------------------------------------------------

  void pull() {
    if (stopping_ || paused_
        || performer_.life().state() == custom::life::quarantined)
      return;
    auto now = options_.clock();
    for (auto& x : intake_.queues())
      if (x.pull == 0 && x.runs.empty()) {
        pull_batch batch;
        batch.rows.push_back(intake_.make_pull(x, now));
        batch.reply_to = me<pull_asker>();
        send(x.actor, std::move(batch));
      }
  }

  /// Looks after those who should have answered long ago.
  void watch() {
    constexpr auto silence =
      std::chrono::milliseconds{limits::custom_silence_max}.count();
    auto now = options_.clock();
    if (committing_ && !putting_ && now - mailed_at_ > silence) {
      outbox_.recall();
      mail();
    }
    constexpr auto park = std::chrono::milliseconds{limits::park_max}.count();
    auto late = false;
    for (auto& x : intake_.queues())
      if (x.pull != 0 && now - x.pulled_at > park + silence) {
        intake::move_to(x, x.done);
        late = true;
      }
    if (late)
      look_at_all();
    watch_at_ = now + silence;
  }

  void tick() {
    auto now = options_.clock();
    armed_for_ = {};
    if (now >= watch_at_)
      watch();
    if (retry_at_.value != 0 && now >= retry_at_) {
      retry_at_ = {};
      if (committing_ && !putting_)
        mail();
    }
    work();
  }

  /// One timer, for what is due first.
  void arm() {
    auto due = std::min(performer_.next_due(), watch_at_.value);
    if (retry_at_.value != 0)
      due = std::min(due, retry_at_.value);
    if (committing_) // timers of the actor wait for the commit
      due = retry_at_.value != 0 ? retry_at_.value : watch_at_.value;
    if (armed_for_.value != 0 && armed_for_.value <= due)
      return;
    armed_for_ = {due};
    auto wait = std::max<std::int64_t>(due - options_.clock().value, 1);
    delayed_send(this, std::chrono::milliseconds{wait}, runner_tick{});
  }

  // -- questions --------------------------------------------------------------

  caf::typed_response_promise<custom_answer> ask(ask_runner& x) {
    auto promise = make_response_promise<custom_answer>();
    if (!performer_.is_ready()) {
      promise.deliver(make_error(errc::invalid_argument,
                                 std::string{to_string(state())}
                                   + ", because: " + performer_.last_error()));
      return promise;
    }
    auto asked = performer_.ask(x.question, std::move(x.arguments));
    if (!asked.refused.empty())
      promise.deliver(make_error(errc::invalid_argument, asked.refused));
    else
      answer_durably([promise, answer = custom_answer{
                                 std::move(asked.rows.rows)}]() mutable {
        promise.deliver(std::move(answer));
      });
    work();
    return promise;
  }

  /// Answers when what calls have changed so far is on disk.
  void answer_durably(open_answer answer) {
    const auto& books = performer_.books();
    if (books.has_changes() || books.has_sent())
      answers_.push_back(std::move(answer));
    else if (committing_ && hindrance_.empty())
      waiting_answers_.push_back(std::move(answer));
    else
      answer();
  }

  static void settle(const std::vector<open_answer>& answers) {
    for (const auto& answer : answers)
      answer();
  }

  custom_state state() const {
    switch (performer_.life().state()) {
      case custom::life::running:
        return custom_state::running;
      case custom::life::backing_off:
        return custom_state::backing_off;
      case custom::life::quarantined:
        return custom_state::quarantined;
    }
    return custom_state::running;
  }

  /// Empty when it consumes nothing.
  std::string own_group() const {
    return performer_.wants().consumptions.empty() ? "" : group_name_;
  }

  custom_report report() const {
    custom_report x;
    x.spec = options_.role.spec;
    x.state = state();
    x.group = own_group();
    x.paused = paused_;
    x.consumed = consumed_;
    x.sent = sent_;
    x.intercepted = intercepted_;
    x.rejected = rejected_;
    x.served = performer_.served();
    x.late = performer_.late();
    x.unserved = unserved_;
    x.checked = checked_;
    x.decided = decided_;
    x.filtered = sifted_.judged;
    x.withheld = sifted_.withheld;
    x.parked = parked_;
    x.restarts = performer_.life().restarts();
    x.failures_in_row = performer_.life().failures_in_row();
    x.queues = static_cast<std::int64_t>(intake_.queues().size());
    for (const auto& queue : intake_.queues()) {
      x.waiting += queue.waiting;
      x.lag += std::max<std::int64_t>(queue.max - queue.done, 0);
    }
    x.state_rows = performer_.books().state().size();
    x.state_bytes = performer_.books().bytes();
    x.last_error = hindrance_.empty() ? performer_.last_error() : hindrance_;
    x.last_parked = last_parked_;
    return x;
  }

  // -- end --------------------------------------------------------------------

  caf::typed_response_promise<runner_stopped> stop() {
    stopped_ = make_response_promise<runner_stopped>();
    stopping_ = true;
    commit();
    if (!committing_)
      end();
    return stopped_;
  }

  void end() {
    if (stopped_.pending())
      stopped_.deliver(runner_stopped{});
  }

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
  std::int64_t intercepted_ = 0; ///< messages
  std::int64_t rejected_ = 0;    ///< requests
  std::int64_t unserved_ = 0;
  std::int64_t checked_ = 0;
  std::int64_t decided_ = 0;
  sift_counts sifted_;
  std::int64_t parked_ = 0;
  std::int64_t failures_told_ = 0;
  std::string last_parked_;
  std::string hindrance_; // why it waits; empty: it does not
};

} // namespace

custom_runner_actor spawn_custom_runner(caf::actor_system& system,
                                        threading how,
                                        custom_runner_options options) {
  if (how == threading::detached)
    return system.spawn<metered<runner_impl>, caf::detached>(
      std::move(options));
  return system.spawn<runner_impl>(std::move(options));
}

} // namespace troupe
