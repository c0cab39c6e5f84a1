#include "transaction_coordinator/transaction_coordinator.hpp"

#include "deadlines/deadline_keeper.hpp"
#include "deadlines/log_access.hpp"
#include "deadlines/timed_record.hpp"
#include "reactor/quiet.hpp"
#include "storage/commit_log.hpp"
#include "transaction_coordinator/half_record.hpp"

#include "troupe/custom/topic_pattern.hpp"
#include "troupe/limits.hpp"
#include "troupe/log.hpp"
#include "troupe/model/message_id.hpp"
#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"

#include <caf/actor_cast.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <unordered_map>

namespace troupe {

namespace {

using storage::record_view;

caf::error not_open(const std::string& why) {
  return make_error(errc::transaction_not_found, why);
}

/// Delivers and returns nothing, so that it ends a function.
template <class Promise, class Value>
void reply(Promise& promise, Value&& value) {
  promise.deliver(std::forward<Value>(value));
}

class transaction_coordinator_impl
  : public transaction_coordinator_actor::base {
public:
  transaction_coordinator_impl(caf::actor_config& config,
                               transaction_coordinator_options options)
    : transaction_coordinator_actor::base(config),
      options_(std::move(options)),
      log_(this),
      halves_(this, deadline_kind::half, log_family::transactions,
              [this] { check(); }) {}

  const char* name() const override { return "transaction_coordinator"; }

  behavior_type make_behavior() override {
    make_quiet(*this);
    count_open();
    log_.start(options_.log, options_.log_actor, options_.directory);
    halves_.start(options_.log_actor, options_.store, options_.log->written());
    return {
      [this](const log_events& x) { follow(x); },
      [this](const apply_events& x) { return apply(x.end); },
      [this](const end_transaction& x) { return end(x); },
      [this](const append_done& x) { log_.appended(x); },
      [this](const check_tick&) {
        --ticks_;
        if (ticks_ > 0 && options_.clock() < tick_at_)
          return; // an earlier one was armed since, and another after it
        tick_at_ = {};
        check();
      },
      [this](const marks_tick&) {
        marks_armed_ = false;
        write_marks();
      },
      [this](const change_timing& x) { options_.timing = x.timing; },
      [this](set_check_responders& x) {
        responders_ = std::move(x.links);
        return check_responders_set{};
      },
      [this](const query_oldest_needed&) { return oldest(); },
      [this](const describe_transactions&) { return report(); },
      [this](const list_transactions& x) { return list(x); },
      [this](const resume_transaction& x) {
        return resume_discarded(x.position);
      },
    };
  }

  // Handles in a ring would keep each other, and their threads, for ever.
  void on_exit() override {
    ending_.clear();
    marking_.clear();
    responders_.clear();
    halves_.stop();
    log_.stop();
    options_ = {};
  }

private:
  using ended_promise = caf::typed_response_promise<transaction_ended>;
  using resumed_promise = caf::typed_response_promise<transaction_resumed>;

  // -- the log ----------------------------------------------------------------

  void count_open() {
    request(options_.store, caf::infinite, count_deadlines{deadline_kind::half})
      .then(
        [this](const deadlines_counted& x) {
          report_.open += x.count;
          if (x.count > 0)
            log::info("transactions", "open ones taken up")
              .with("open", x.count);
        },
        [](caf::error& error) {
          log::error("transactions", "open ones cannot be counted")
            .with("why", describe(error));
        });
  }

  void follow(const log_events& news) {
    for (const auto& event : news.events)
      take(event);
    halves_.seen(news.end);
    arm();
  }

  void take(const log_event& event) {
    switch (event.what) {
      case log_event::kind::half_opened:
        ++report_.open;
        halves_.window.add(
          {{event.time + options_.timing.first_delay_ms(event.delay_ms),
            event.id},
           event.position,
           0});
        return;
      case log_event::kind::half_closed:
        return close(event.id);
      case log_event::kind::half_discarded:
        close(event.id);
        halves_.others.push_back(
          {deadline_kind::discarded,
           {{event.time, event.position.value}, event.position, 0},
           false});
        return;
      case log_event::kind::half_resumed:
        if (auto found = resuming_.find(event.id); found != resuming_.end()) {
          halves_.others.push_back(
            {deadline_kind::discarded, {found->second, {}, 0}, true});
          resuming_.erase(found);
        }
        return;
      default:
        return; // a timer's
    }
  }

  /// The log says that it has ended. Said again of the same one by a delayed
  /// message that arrives, and by a mark that comes late.
  void close(std::int64_t half) {
    auto ending = ending_.find(half);
    const auto* known = halves_.window.find(half);
    if (known == nullptr && ending == ending_.end())
      return;
    halves_.window.remove(known != nullptr ? deadline_key{known->key}
                                           : ending->second);
    if (ending != ending_.end())
      ending_.erase(ending);
    --report_.open;
  }

  caf::typed_response_promise<events_applied> apply(log_offset end) {
    auto promise = make_response_promise<events_applied>();
    halves_.seen(end);
    halves_.flush([promise](const caf::error& error) mutable {
      if (error)
        promise.deliver(error);
      else
        promise.deliver(events_applied{});
    });
    return promise;
  }

  // -- ends -------------------------------------------------------------------

  ended_promise end(const end_transaction& wish) {
    auto answer = make_response_promise<transaction_ended>();
    if (ending_.size() >= limits::transaction_ends_max) {
      answer.deliver(make_error(errc::busy,
                                "too many transactions are being ended; "
                                "retry in a moment"));
      return answer;
    }
    halves_.find(
      wish.half.value,
      [=, this](caf::expected<std::optional<deadline>> found) mutable {
        if (!found)
          return reply(answer, std::move(found.error()));
        if (!*found || (*found)->position != wish.position)
          return reply(
            answer,
            not_open(
              "no transaction is open with half message "
              + std::to_string(wish.half.value) + " at log offset "
              + std::to_string(wish.position.value)
              + ": it has ended already, or the numbers are not its own"));
        begin(wish, **found, std::move(answer));
      });
    return answer;
  }

  void begin(const end_transaction& wish, const deadline& row,
             ended_promise answer) {
    if (!ending_.try_emplace(row.key.id, row.key).second)
      return reply(answer, not_open("the transaction is being ended already"));
    halves_.window.take(row.key); // not asked about meanwhile
    read(
      row,
      [=, this](const record_view& record) mutable {
        if (auto error = why_refused(wish, record))
          return give_up(wish.half.value, std::move(answer), error);
        wish.commit ? commit(record, std::move(answer))
                    : roll_back(record, std::move(answer));
      },
      [=, this](const caf::error& error) mutable {
        give_up(wish.half.value, std::move(answer), error);
      });
  }

  caf::error why_refused(const end_transaction& wish,
                         const record_view& half) const {
    auto immunity = immunity_ms_of(half.properties);
    if (!wish.from_check && immunity > 0
        && options_.clock() - half.store_time > immunity)
      return make_error(errc::transaction_expired,
                        "the immunity time of the transaction is over; wait "
                        "for the check and answer that");
    auto owner = properties::find(half.properties, properties::producer_group);
    if (owner != wish.group)
      return make_error(errc::transaction_mismatch,
                        "the producer group is wrong: the half message is of "
                        "another one than "
                          + wish.group);
    return caf::none;
  }

  void give_up(std::int64_t half, ended_promise answer,
               const caf::error& error) {
    release(half);
    answer.deliver(error);
  }

  /// It could not be ended: it is open as before.
  void release(std::int64_t half) {
    auto found = ending_.find(half);
    if (found == ending_.end())
      return;
    halves_.window.give_back(found->second);
    ending_.erase(found);
    arm();
  }

  void commit(const record_view& half, ended_promise answer) {
    auto what = committed_row(half, options_.delays);
    if (what.topic != names::schedule_topic)
      wait_if_timed(what, options_.clock(), options_.timer_delay_max_ms);
    log_.append(std::move(what),
                [this, id = half.offset.value,
                 answer = std::move(answer)](const caf::error& error) mutable {
                  if (error)
                    return give_up(id, std::move(answer), error);
                  ++report_.committed;
                  answer.deliver(transaction_ended{});
                  // Only for a RocketMQ that may take the store over one day.
                  mark(id);
                });
  }

  void roll_back(const record_view& half, ended_promise answer) {
    marking_.emplace_back(half.offset.value, std::move(answer));
    mark(half.offset.value);
    // Behind what is in the mailbox: one mark message for all of it.
    send(this, marks_tick{});
  }

  void mark(std::int64_t half) {
    marks_.append(std::to_string(half)).append(1, ',');
    if (marks_.size() >= limits::mark_bytes_max)
      return write_marks();
    if (marks_armed_)
      return;
    marks_armed_ = true;
    delayed_send(this, limits::mark_period, marks_tick{});
  }

  void write_marks() {
    if (marks_.empty())
      return;
    auto waiting = std::exchange(marking_, {});
    log_.append(mark_row(std::exchange(marks_, {}), options_.clock()),
                [this, waiting](const caf::error& error) mutable {
                  for (auto& [half, answer] : waiting) {
                    if (error) {
                      give_up(half, std::move(answer), error);
                      continue;
                    }
                    ++report_.rolled_back;
                    answer.deliver(transaction_ended{});
                  }
                });
  }

  // -- checks -----------------------------------------------------------------

  void check() {
    auto now = options_.clock();
    while (checking_ < limits::transaction_checks_max) {
      const auto* first = halves_.window.first();
      if (first == nullptr || first->key.due > now)
        break;
      auto row = *first;
      halves_.window.take(row.key);
      ++checking_;
      read(
        row, [=, this](const record_view& record) { check(row, record); },
        [=, this](const caf::error& error) { check_failed(row, error); });
    }
    halves_.turn();
    arm();
  }

  void check(const deadline& row, const record_view& record) {
    const auto* known = halves_.window.find(row.key.id);
    if (known == nullptr || ending_.contains(row.key.id))
      return checked(); // it has ended, or is about to
    auto now = options_.clock();
    auto too_old = now - record.store_time > options_.timing.age_max_ms;
    if (too_old || row.count >= options_.timing.checks_max)
      return discard(row, record);
    ask(row, record);
  }

  /// Asked, or nobody was there to be asked; put off: it does not count.
  enum class asked_how {
    counted,
    put_off
  };

  void asked(const deadline& row, asked_how how) {
    auto next = row;
    next.key.due = options_.clock() + options_.timing.check_interval_ms;
    if (how == asked_how::counted)
      ++next.count;
    if (halves_.window.find(row.key.id) != nullptr
        && !ending_.contains(row.key.id))
      halves_.window.move(row.key, next);
    checked();
  }

  void checked() {
    --checking_;
    arm();
  }

  void check_failed(const deadline& row, const caf::error& error) {
    log::error("transactions", "a half message cannot be read")
      .with("half", row.key.id)
      .with("log_offset", row.position.value)
      .with("why", describe(error));
    if (is(error, errc::message_not_found) || is(error, errc::corrupt_record)) {
      mark(row.key.id); // gone with its segment, or damaged: nothing to decide
      return checked();
    }
    asked(row, asked_how::put_off);
  }

  /// Asked too often: kept where a person can find it.
  void discard(const deadline& row, const record_view& record) {
    ending_.try_emplace(row.key.id, row.key);
    log_.append(discarded_row(record, row.count), [this, row](
                                                    const caf::error& error) {
      if (error) {
        log::error("transactions", "cannot be discarded, asked again")
          .with("half", row.key.id)
          .with("why", describe(error));
        ending_.erase(row.key.id);
        auto next = row;
        next.key.due = options_.clock() + options_.timing.check_interval_ms;
        halves_.window.move(row.key, next);
      } else {
        ++report_.discarded;
        mark(row.key.id);
        log::warning("transactions", "given up, no producer says how it ended")
          .with("half", row.key.id)
          .with("log_offset", row.position.value)
          .with("kept_in", names::check_max_topic);
      }
      checked();
    });
  }

  const responder_link* responder_of(std::string_view group) const {
    for (const auto& x : responders_)
      for (const auto& pattern : x.groups)
        if (custom::matches_pattern(pattern, group))
          return &x;
    return nullptr;
  }

  /// A custom actor first, when one has the group. It holds its place among the
  /// checks under way, so that a slow one is not asked about more and more.
  void ask(const deadline& row, const record_view& half) {
    auto checks = row.count + 1;
    std::string group{
      properties::find(half.properties, properties::producer_group)};
    auto question = check_request(half, checks, options_.broker_name);
    const auto* responder = responder_of(group);
    if (responder == nullptr)
      return ask_producer(row, group, question);
    end_transaction wish;
    wish.group = group;
    wish.half = half.offset;
    wish.position = half.position;
    wish.from_check = true;
    auto producer = [=, this] { ask_producer(row, group, question); };
    ++report_.checks;
    request(responder->actor, limits::ask_timeout,
            responder_question(half, checks))
      .then(
        [this, row, wish, producer](const transaction_checked& said) mutable {
          if (said.outcome == custom::transaction_outcome::unknown)
            return producer();
          wish.commit = said.outcome == custom::transaction_outcome::commit;
          respond(row, std::move(wish));
        },
        [producer](const caf::error&) { producer(); });
  }

  /// Ends a transaction as a custom actor has said.
  void respond(const deadline& row, end_transaction wish) {
    request(caf::actor_cast<transaction_coordinator_actor>(this), caf::infinite,
            std::move(wish))
      .then(
        [this](const transaction_ended&) {
          ++report_.responded;
          checked();
        },
        [this, row](const caf::error& error) {
          if (!is(error, errc::transaction_not_found)) // else its producer has
            log::warning("transactions",
                         "cannot be ended as a custom actor says, asked again")
              .with("half", row.key.id)
              .with("why", describe(error));
          asked(row, asked_how::counted);
        });
  }

  void ask_producer(const deadline& row, std::string group,
                    const remoting::command& question) {
    auto nobody = [this, row](const caf::error&) {
      ++report_.unasked; // asked again an interval later
      asked(row, asked_how::counted);
    };
    request(options_.directory, limits::ask_timeout,
            find_producer{std::move(group), false})
      .then(
        [=, this](const producer_found& found) {
          request(found.producer, limits::ask_timeout, pick_session{})
            .then(
              [=, this](const session_picked& session) {
                push(row, session.link, question);
              },
              nobody);
        },
        nobody);
  }

  void push(const deadline& row, const client_link& link,
            const remoting::command& question) {
    request(link.gateway, limits::ask_timeout,
            push_and_confirm{link.connection, question})
      .then(
        [this, row](const command_pushed&) {
          ++report_.checks;
          asked(row, asked_how::counted);
        },
        [this, row](const caf::error& error) {
          auto full = is(error, errc::busy);
          ++(full ? report_.put_off : report_.unasked);
          asked(row, full ? asked_how::put_off : asked_how::counted);
        });
  }

  /// One timer, for the transaction that is due first.
  void arm() {
    const auto* first = halves_.window.first();
    if (first == nullptr || checking_ >= limits::transaction_checks_max)
      return;
    auto due = first->key.due;
    if (tick_at_.value != 0 && tick_at_ <= due)
      return;
    tick_at_ = due;
    auto wait = std::max<std::int64_t>(due - options_.clock(), 0);
    // A clock that jumps must not make it late by more than this.
    wait = std::min<std::int64_t>(wait, tick_max_ms);
    if (wait == tick_max_ms)
      tick_at_ = options_.clock() + wait;
    ++ticks_;
    delayed_send(this, std::chrono::milliseconds{wait}, check_tick{});
  }

  // -- people -----------------------------------------------------------------

  caf::typed_response_promise<oldest_needed> oldest() {
    auto promise = make_response_promise<oldest_needed>();
    halves_.tell_oldest(promise);
    return promise;
  }

  transaction_report report() {
    const auto* first = halves_.window.first();
    report_.next_check = first == nullptr ? epoch_ms{} : first->key.due;
    return report_;
  }

  caf::typed_response_promise<transaction_list>
  list(const list_transactions& wish) {
    auto promise = make_response_promise<transaction_list>();
    halves_.list(
      wish.discarded ? deadline_kind::discarded : deadline_kind::half,
      wish.after,
      std::clamp(wish.count_max, std::size_t{1}, limits::transaction_list_max),
      [this, promise,
       discarded = wish.discarded](caf::expected<deadline_page> page) mutable {
        if (!page)
          return reply(promise, std::move(page.error()));
        describe_rows(*page, discarded, std::move(promise));
      });
    return promise;
  }

  /// What the log has forgotten is forgotten here too.
  void describe_rows(const deadline_page& page, bool discarded,
                     caf::typed_response_promise<transaction_list> promise) {
    struct job {
      transaction_list list;
      std::size_t open = 1; // this function itself
    };

    auto work = std::make_shared<job>();
    work->list.last = page.last;
    work->list.rows.resize(page.rows.size());
    auto finish = [work, promise]() mutable {
      if (--work->open == 0)
        promise.deliver(std::move(work->list));
    };
    for (std::size_t i = 0; i < page.rows.size(); ++i) {
      const auto& row = page.rows[i];
      if (discarded && row.position < log_.min())
        halves_.others.push_back({deadline_kind::discarded, row, true});
      work->list.rows[i].key = row.key;
      work->list.rows[i].position = row.position;
      work->list.rows[i].checks = row.count;
      ++work->open;
      log_.read(
        row.position,
        [work, i, finish](const record_view& record) mutable {
          describe_row(record, work->list.rows[i]);
          finish();
        },
        [finish](const caf::error&) mutable { finish(); });
    }
    finish();
  }

  static void describe_row(const record_view& record, transaction_row& row) {
    auto value = [&](std::string_view name) {
      return std::string{properties::find(record.properties, name)};
    };
    row.store_time = record.store_time;
    row.group = value(properties::producer_group);
    row.topic = value(properties::real_topic);
    row.transaction_id = value(properties::unique_key);
    row.message_id = offset_message_id(record.store_host, record.position);
    if (record.topic == names::check_max_topic)
      row.checks = number_in(value(properties::check_times));
  }

  resumed_promise resume_discarded(log_offset position) {
    auto promise = make_response_promise<transaction_resumed>();
    log_.read(
      position,
      [=, this](const record_view& record) mutable {
        if (record.topic == names::half_topic)
          return ask_now(record.offset.value, position, std::move(promise));
        if (record.topic == names::check_max_topic)
          return reopen(record, std::move(promise));
        promise.deliver(not_open("the message is in topic "
                                 + std::string{record.topic}
                                 + ", it is no transaction; give the id of one "
                                   "in "
                                 + std::string{names::check_max_topic}));
      },
      [promise](const caf::error& error) mutable { promise.deliver(error); });
    return promise;
  }

  void ask_now(std::int64_t half, log_offset position,
               resumed_promise promise) {
    halves_.find(half, [=, this](auto found) mutable {
      if (!found)
        return reply(promise, std::move(found.error()));
      if (!*found || (*found)->position != position || ending_.contains(half))
        return reply(promise, not_open("the transaction has ended already"));
      halves_.window.move((*found)->key,
                          {{options_.clock(), half}, position, 0});
      arm();
      promise.deliver(transaction_resumed{});
    });
  }

  void reopen(const record_view& record, resumed_promise promise) {
    auto id = record.position.value;
    auto row = std::make_shared<placed_row>(resumed_row(record));
    request(options_.store, limits::ask_timeout,
            find_deadline{deadline_kind::discarded, id})
      .then(
        [=, this](const deadline_found& found) mutable {
          // One that was discarded a moment ago may not be in LMDB yet.
          auto key =
            found.row ? std::optional{found.row->key} : discarded_lately(id);
          if (!key || !resuming_.try_emplace(id, *key).second)
            return reply(promise,
                         not_open("the transaction was resumed already"));
          log_.append(std::move(*row),
                      [=, this](const caf::error& error) mutable {
                        if (error) {
                          resuming_.erase(id);
                          return reply(promise, error);
                        }
                        promise.deliver(transaction_resumed{});
                      });
        },
        [promise](caf::error& error) mutable {
          promise.deliver(std::move(error));
        });
  }

  std::optional<deadline_key> discarded_lately(std::int64_t id) const {
    std::optional<deadline_key> key;
    for (const auto& x : halves_.others)
      if (x.kind == deadline_kind::discarded && x.row.key.id == id)
        key = x.removed ? std::nullopt : std::optional{x.row.key};
    return key;
  }

  // -- reading ----------------------------------------------------------------

  /// Reads a half message. `then` may keep nothing of the view.
  template <class Then, class Failed>
  void read(const deadline& row, Then then, Failed failed) {
    auto check = [=](const record_view& record) mutable {
      if (record.topic != names::half_topic
          || record.offset.value != row.key.id)
        return failed(make_error(errc::corrupt_record,
                                 "the record there is no half message of that "
                                 "number"));
      then(record);
    };
    log_.read(row.position, std::move(check), failed);
  }

  static constexpr std::int64_t tick_max_ms = 1000;

  transaction_coordinator_options options_;
  log_access<transaction_coordinator_impl> log_;
  deadline_keeper<transaction_coordinator_impl> halves_;
  std::unordered_map<std::int64_t, deadline_key> ending_; // by half
  std::unordered_map<std::int64_t, deadline_key> resuming_;
  std::string marks_; // offsets that no mark message names yet
  std::vector<std::pair<std::int64_t, ended_promise>> marking_;
  bool marks_armed_ = false;
  std::size_t checking_ = 0;
  epoch_ms tick_at_;      // what the armed check_tick is for; 0: none
  std::size_t ticks_ = 0; // under way
  transaction_report report_;
  std::vector<responder_link> responders_; // by name
};

} // namespace

transaction_coordinator_actor
spawn_transaction_coordinator(caf::actor_system& system, placement where,
                              transaction_coordinator_options options) {
  return spawn_at<transaction_coordinator_impl>(system, where,
                                                std::move(options));
}

} // namespace troupe
