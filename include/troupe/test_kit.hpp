/// Runs a custom actor in a unit test: no node, no threads, a clock that is
/// moved by hand. Supervision, state and parking are those of the node; what is
/// committed at once here, a node commits in batches.
///
///     troupe::custom::test_kit kit{troupe::custom::type<word_count>("x", ""),
///                                  {{"from", "lines"}, {"to", "counts"}}};
///     kit.publish({.topic = "lines", .body = "a b a"});
///     kit.sent("counts").back().body == "a 2";
#pragma once

#include "troupe/custom/parking.hpp"
#include "troupe/custom/performer.hpp"
#include "troupe/custom/topic_pattern.hpp"
#include "troupe/custom_actor.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::custom {

class test_kit {
public:
  explicit test_kit(troupe_plugin_type type, fields given = {},
                    patience granted = {})
    : type_(type),
      given_(std::move(given)),
      granted_(granted) {
    birth();
  }

  test_kit(const test_kit&) = delete;
  test_kit& operator=(const test_kit&) = delete;

  /// Why the actor could not be made, in one sentence; empty: it was.
  const std::string& refused() const { return refused_; }

  // -- what happens to it ----------------------------------------------------

  /// Sends a message as a client would: intercepted, stored, consumed.
  /// @returns why it was rejected; empty: it was stored
  std::string publish(outgoing sent_in) {
    auto text = property_text_of(sent_in);
    auto body = sent_in.body;
    if (intercepts(sent_in.topic)) {
      auto m = view_of(sent_in.topic, body, text);
      if (!performer_->is_ready())
        return "the actor is not ready";
      auto judged = performer_->intercept(m);
      commit();
      if (!judged)
        return performer_->last_error();
      if (judged->what == verdict::kind::reject)
        return judged->reason;
      if (judged->body)
        body = *judged->body;
      for (const auto& [name, value] : judged->properties)
        text = troupe::properties::with(text, name, value);
    }
    log_[sent_in.topic].push_back({body, text, now_});
    pump();
    return {};
  }

  /// Sends a request as a client's `request` would, which waits `ttl`.
  /// @returns the reply; nothing: none has come
  std::optional<reply>
  request(outgoing wish,
          std::chrono::milliseconds ttl = std::chrono::seconds{3}) {
    auto id = std::to_string(++requests_);
    wish.properties.emplace_back(troupe::properties::correlation_id, id);
    wish.properties.emplace_back(troupe::properties::reply_to_client, "kit");
    wish.properties.emplace_back(troupe::properties::time_to_live,
                                 std::to_string(ttl.count()));
    publish(std::move(wish));
    return reply_to(id);
  }

  /// The reply to the request that was the `number`th, from 1; for those that
  /// are answered later than at once.
  std::optional<reply> reply_to(const std::string& number) const {
    auto found = replies_.find(number);
    return found == replies_.end() ? std::nullopt
                                   : std::optional{found->second};
  }

  /// Asks how the transaction of `half` has ended, as the node does.
  transaction_outcome check(const outgoing& half) {
    if (!performer_->is_ready())
      return transaction_outcome::unknown;
    auto text = property_text_of(half);
    auto outcome = performer_->check(view_of(half.topic, half.body, text));
    commit();
    return outcome;
  }

  /// Whether a client of `group` gets a message that is stored.
  /// @returns nothing when the actor cannot say
  std::optional<bool> delivers(const outgoing& x, std::string_view group) {
    const auto& wanted = performer_->wants().filters;
    if (std::none_of(wanted.begin(), wanted.end(), [&](const auto& wish) {
          return matches_pattern(wish.topic, x.topic)
                 && matches_pattern(wish.group, group);
        }))
      return true;
    if (!performer_->is_ready())
      return {};
    auto text = property_text_of(x);
    auto said = performer_->filter(view_of(x.topic, x.body, text), group);
    commit();
    return said;
  }

  /// Whether it answers checks of that producer group.
  bool answers_checks_of(std::string_view group) const {
    const auto& wanted = performer_->wants().checks;
    return std::any_of(wanted.begin(), wanted.end(), [&](const auto& x) {
      return matches_pattern(x, group);
    });
  }

  /// Moves the clock: timers fire, pauses end.
  void advance(std::chrono::milliseconds by) {
    auto end = now_ + by.count();
    while (performer_->next_due() <= end) {
      now_ = std::max(now_, performer_->next_due());
      pump();
    }
    now_ = end;
    pump();
  }

  performer::asked ask(std::string_view question, fields values = {}) {
    if (!performer_->is_ready())
      return {"the actor is not ready: " + performer_->last_error(), {}};
    auto result = performer_->ask(question, std::move(values));
    commit();
    return result;
  }

  /// As kill -9 and a new start: only what was committed is left.
  void crash() { birth(); }

  /// As a restart by hand: lifts a quarantine.
  void restart() {
    performer_->restart();
    pump();
  }

  // -- what came of it -------------------------------------------------------

  /// Everything it has sent, in order, and what was put aside.
  const std::vector<outgoing>& sent() const { return sent_; }

  /// Of that, to one topic.
  std::vector<outgoing> sent(std::string_view topic) const {
    std::vector<outgoing> result;
    for (const auto& x : sent_)
      if (x.topic == topic)
        result.push_back(x);
    return result;
  }

  /// A topic's messages: what was published, as it was stored.
  std::vector<std::string> stored(const std::string& topic) const {
    std::vector<std::string> bodies;
    if (auto found = log_.find(topic); found != log_.end())
      for (const auto& x : found->second)
        bodies.push_back(x.body);
    return bodies;
  }

  /// Messages put aside, with their evidence.
  std::vector<outgoing> parked() const {
    return sent(names::dead_letter_topic_of(group()));
  }

  /// Its state as it is on disk.
  const ledger::rows& state() const { return disk_; }

  life life_state() const { return performer_->life().state(); }

  const class supervision& supervision() const { return performer_->life(); }

  const std::string& last_error() const { return performer_->last_error(); }

  /// Messages of `topic` that it has not worked on yet.
  std::size_t lag(const std::string& topic) const {
    auto known = log_.find(topic);
    auto at = progress_.find(topic);
    return (known == log_.end() ? 0 : known->second.size())
           - (at == progress_.end() ? 0 : at->second);
  }

  std::int64_t now_ms() const { return now_; }

private:
  struct stored_message {
    std::string body;
    std::string properties;
    std::int64_t at;
  };

  void birth() {
    performer_ = std::make_unique<performer>("test", type_, given_, granted_,
                                             [this] { return now_; });
    refused_ = performer_->begin(disk_);
    if (refused_.empty())
      pump();
  }

  std::string group() const {
    const auto& name = performer_->wants().group_name;
    return name.empty() ? "custom-test" : name;
  }

  bool intercepts(std::string_view topic) const {
    const auto& wanted = performer_->wants().intercepts;
    return std::any_of(wanted.begin(), wanted.end(), [&](const auto& x) {
      return matches_pattern(x, topic);
    });
  }

  bool consumes(std::string_view topic, std::string_view tags) const {
    const auto& wanted = performer_->wants().consumptions;
    return std::any_of(wanted.begin(), wanted.end(), [&](const auto& x) {
      return matches_pattern(x.topic, topic) && has_tag(x.tags, tags);
    });
  }

  static bool has_tag(std::string_view expression, std::string_view tag) {
    if (expression.empty() || expression == "*")
      return true;
    while (!expression.empty()) {
      auto bar = expression.find("||");
      auto one = expression.substr(0, bar);
      one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
      one = one.substr(0, one.find_last_not_of(' ') + 1);
      if (one == tag)
        return true;
      expression = bar == expression.npos ? "" : expression.substr(bar + 2);
    }
    return false;
  }

  message view_of(std::string_view topic, std::string_view body,
                  std::string_view text) const {
    message m;
    m.topic = topic;
    m.body = body;
    m.properties = text;
    m.born_ms = now_;
    return m;
  }

  void pump() {
    if (!refused_.empty() || !performer_->is_ready())
      return;
    performer_->run_timers();
    commit();
    for (auto& [topic, messages] : log_) {
      auto& done = progress_[topic];
      while (done < messages.size() && performer_->is_ready()) {
        const auto& x = messages[done];
        auto m = view_of(topic, x.body, x.properties);
        m.offset = static_cast<std::int64_t>(done);
        m.stored_ms = x.at;
        if (!consumes(topic, m.tags()) || performer_->deliver(m)) {
          ++done;
        } else if (performer_->is_exhausted(m)) {
          sent_.push_back(
            custom::parked(m, {group(), "test", performer_->last_error(),
                               granted_.attempts, now_}));
          ++done;
        }
        commit();
      }
    }
  }

  void commit() {
    auto& books = performer_->books();
    for (auto& x : books.take_sent())
      sent_.push_back(std::move(x));
    for (auto& x : books.take_replies()) {
      reply said{std::move(x.body)};
      std::string id;
      troupe::properties::for_each(
        x.properties, [&](std::string_view name, std::string_view value) {
          said.properties.emplace_back(name, value);
          if (name == troupe::properties::correlation_id)
            id = value;
        });
      replies_[id] = std::move(said);
    }
    books.take_changes();
    disk_ = books.state();
  }

  troupe_plugin_type type_;
  fields given_;
  patience granted_;
  std::int64_t now_ = 1'700'000'000'000;
  std::unique_ptr<performer> performer_;
  std::string refused_;
  std::map<std::string, std::vector<stored_message>> log_; // by topic
  std::map<std::string, std::size_t> progress_;
  std::vector<outgoing> sent_;
  std::map<std::string, reply> replies_; // by correlation id
  std::int64_t requests_ = 0;
  ledger::rows disk_;
};

} // namespace troupe::custom
