/// The object of a custom actor with all that its calls need: a ledger, timers,
/// supervision. Every call is guarded: what it throws never gets further. The
/// node's runner and the test kit both work with it. Not thread safe.
#pragma once

#include "troupe/custom/ledger.hpp"
#include "troupe/custom/parking.hpp"
#include "troupe/custom/plugin.hpp"
#include "troupe/custom/supervision.hpp"
#include "troupe/custom/topic_pattern.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace troupe::custom {

/// Whether the message is stored as it came: most are.
inline bool is_plain_accept(const verdict& x) {
  return x.what == verdict::kind::accept && !x.changes();
}

class performer final : private context {
public:
  /// @param clock  ms since 1970 UTC
  performer(std::string name, troupe_plugin_type type, fields given,
            patience granted, std::function<std::int64_t()> clock)
    : name_(std::move(name)),
      type_(type),
      given_(std::move(given)),
      supervision_(granted),
      clock_(std::move(clock)) {}

  /// Makes the object for the first time, on the state that was stored.
  /// @returns why not, in one sentence; empty when it was made
  std::string begin(ledger::rows stored) {
    ledger_ = ledger{std::move(stored)};
    auto why = make();
    if (!why.empty())
      ledger_.take_back();
    return why;
  }

  const setup& wants() const { return wants_; }

  /// How a topic is consumed; null: it is not. A pattern means topics of users.
  const setup::consumption* wish_for(std::string_view topic) const {
    auto is_own = !topic.starts_with(names::retry_prefix)
                  && !topic.starts_with(names::dead_letter_prefix)
                  && !names::is_system_topic(topic);
    for (const auto& x : wants_.consumptions)
      if (x.topic == topic
          || (is_own && is_pattern(x.topic) && matches_pattern(x.topic, topic)))
        return &x;
    return nullptr;
  }

  ledger& books() { return ledger_; }

  const ledger& books() const { return ledger_; }

  const class supervision& life() const { return supervision_; }

  /// Of the last call that failed; empty: none has.
  const std::string& last_error() const { return last_error_; }

  /// Whether calls can be made now. Makes the object anew when its pause is
  /// over.
  bool is_ready() {
    if (supervision_.state() == life::backing_off
        && !supervision_.resume(clock_()))
      return false;
    if (supervision_.state() != life::running)
      return false;
    if (object_)
      return true;
    if (auto why = make(); !why.empty())
      fail(why);
    return object_ != nullptr;
  }

  /// Made anew with the next call; lifts a quarantine.
  void restart() {
    object_.reset();
    supervision_.restart();
  }

  /// Destroys the object for good.
  void retire() { object_.reset(); }

  // -- calls; only when is_ready() -------------------------------------------

  /// @returns whether on_message or serve has returned
  bool deliver(message m) {
    if (supervision_.has_attempts())
      m.attempt =
        static_cast<std::int32_t>(supervision_.attempts_at(place_of(m)));
    if (!guarded([&] { hand_over(m); }))
      return false;
    if (m.attempt > 0)
      supervision_.forget(place_of(m));
    return true;
  }

  /// After deliver has failed: whether `m` has had all its attempts and is to
  /// be put aside.
  bool is_exhausted(const message& m) {
    auto where = place_of(m);
    if (!supervision_.count_attempt(where))
      return false;
    supervision_.forget(where);
    return true;
  }

  /// @returns what it has said, until the next call; null when the call failed
  verdict* intercept(const message& m) {
    auto* result = &accepted_;
    auto good = guarded([&] {
      auto said = object_->intercept(m, *this);
      if (is_plain_accept(said))
        return; // nothing is moved
      verdict_ = std::move(said);
      result = &verdict_;
    });
    return good ? result : nullptr;
  }

  /// @returns nothing when the call failed
  std::optional<bool> filter(const message& m, std::string_view group) {
    std::optional<bool> result;
    guarded([&] { result = object_->delivers(m, group, *this); });
    return result;
  }

  /// Unknown when the call failed.
  transaction_outcome check(const message& half) {
    auto result = transaction_outcome::unknown;
    guarded([&] { result = object_->check(half, *this); });
    return result;
  }

  /// Requests passed by because nobody waited any more.
  std::int64_t late() const { return late_; }

  /// Requests that were answered.
  std::int64_t served() const { return served_; }

  struct asked {
    std::string refused; ///< a sentence; empty: it was answered
    answer rows;
  };

  asked ask(std::string_view question, fields values) {
    asked result;
    arguments given{std::move(values)};
    auto good = guarded([&] {
      try {
        result.rows = object_->ask(question, given, *this);
      } catch (const refusal& x) {
        ledger_.take_back();
        result.refused = x.what();
      }
    });
    if (!good)
      result.refused = last_error_;
    return result;
  }

  /// Calls on_timer for every timer that is due. Stops at one that fails.
  void run_timers() {
    auto now = clock_();
    for (std::size_t i = 0; i < timers_.size() && object_; ++i) {
      if (timers_[i].due > now)
        continue;
      auto called = timers_[i]; // the call may set timers
      if (!guarded([&] { object_->on_timer(called.name, *this); }))
        return;
      auto& after_it = timers_[i]; // others were added behind it only
      if (after_it.due == called.due)
        after_it.due = called.period > 0 ? clock_() + called.period : never;
    }
    std::erase_if(timers_, [](const timer& x) { return x.due == never; });
  }

  /// When something is to be done even if nothing happens; never: nothing.
  std::int64_t next_due() const {
    if (supervision_.state() == life::quarantined)
      return never;
    if (supervision_.state() == life::backing_off)
      return supervision_.resumes_at();
    auto due = never;
    for (const auto& x : timers_)
      due = std::min(due, x.due);
    return due;
  }

  static constexpr std::int64_t never = INT64_MAX;

private:
  struct timer {
    std::string name;
    std::int64_t period = 0; ///< ms; 0: once
    std::int64_t due = 0;
  };

  using object_ptr = std::unique_ptr<actor, void (*)(actor*)>;

  static supervision::place place_of(const message& m) {
    return {std::string{m.topic} + "/" + std::to_string(m.queue), m.offset};
  }

  void hand_over(const message& m) {
    const auto* wish = wish_for(m.topic);
    if (wish == nullptr || !wish->serves)
      return object_->on_message(m, *this);
    if (is_late(m, clock_())) {
      ++late_;
      return;
    }
    reply said;
    try {
      said = object_->serve(m, *this);
    } catch (const refusal& x) {
      ledger_.take_back();
      said.properties = {
        {std::string{refused_property}, as_property(x.what())}};
    }
    ++served_;
    if (is_request(m))
      ledger_.answer(m, said);
  }

  /// @returns why not; empty when it was made
  std::string make() {
    object_.reset();
    timers_.clear();
    std::string why;
    ledger_.begin();
    try {
      arguments given{given_};
      object_ptr made{type_.make(given), type_.destroy};
      if (auto unread = given.unread(); !unread.empty())
        return "argument `" + unread.front() + "` is not known to " + type_.name
               + ", which takes: " + type_.arguments;
      setup wants;
      made->start(wants, *this);
      wants_ = std::move(wants);
      object_ = std::move(made);
    } catch (const std::exception& x) {
      why = x.what();
    } catch (...) {
      why = "its maker threw what is no std::exception";
    }
    if (!why.empty()) {
      ledger_.take_back();
      return why;
    }
    auto now = clock_();
    for (const auto& x : wants_.timers)
      timers_.push_back({x.name, std::max<std::int64_t>(x.period.count(), 1),
                         now + x.period.count()});
    take_timers();
    return {};
  }

  template <class Call>
  bool guarded(Call call) {
    ledger_.begin();
    try {
      call();
    } catch (const std::exception& x) {
      fail(x.what());
      return false;
    } catch (...) {
      fail("it threw what is no std::exception");
      return false;
    }
    supervision_.succeeded();
    if (ledger_.has_timers())
      take_timers();
    return true;
  }

  void fail(const std::string& why) {
    ledger_.take_back();
    last_error_ = why.empty() ? "it threw an exception without words" : why;
    object_.reset();
    timers_.clear();
    supervision_.failed(clock_());
  }

  /// A timer that is set again under the same name moves.
  void take_timers() {
    for (auto& wish : ledger_.take_timers()) {
      auto due = clock_() + wish.delay.count();
      auto found =
        std::find_if(timers_.begin(), timers_.end(), [&](const timer& x) {
          return x.name == wish.name && x.period == 0;
        });
      if (found != timers_.end())
        found->due = due;
      else
        timers_.push_back({std::move(wish.name), 0, due});
    }
  }

  // -- context ----------------------------------------------------------------

  std::string_view name() const override { return name_; }

  std::int64_t now_ms() const override { return clock_(); }

  std::optional<std::string> get(std::string_view key) const override {
    return ledger_.get(key);
  }

  void put(std::string_view key, std::string_view value) override {
    ledger_.put(key, value);
  }

  void erase(std::string_view key) override { ledger_.erase(key); }

  void each(std::string_view prefix,
            const std::function<bool(std::string_view, std::string_view)>&
              visit) const override {
    const auto& rows = ledger_.state();
    for (auto i = rows.lower_bound(prefix);
         i != rows.end() && i->first.starts_with(prefix); ++i)
      if (!visit(i->first, i->second))
        return;
  }

  std::size_t size() const override { return ledger_.state().size(); }

  void send(outgoing message) override { ledger_.send(std::move(message)); }

  void after(std::chrono::milliseconds delay,
             std::string_view timer_name) override {
    if (timers_.size() + ledger_.timers_set() >= limits::custom_timers_max)
      throw refusal("an actor has at most "
                    + std::to_string(limits::custom_timers_max) + " timers");
    ledger_.after(delay, timer_name);
  }

  std::string name_;
  troupe_plugin_type type_;
  fields given_;
  class supervision supervision_;
  std::function<std::int64_t()> clock_;
  ledger ledger_;
  setup wants_;
  object_ptr object_{nullptr, nullptr};
  std::vector<timer> timers_;
  verdict verdict_;  // the last one that said something
  verdict accepted_; // stays as it is
  std::string last_error_;
  std::int64_t late_ = 0;
  std::int64_t served_ = 0;
};

} // namespace troupe::custom
