/// The class that a custom actor derives from, and what it is handed. Each call
/// runs on the actor's own thread, one at a time. An exception that leaves a
/// call takes back what that call has changed and sent; the actor is made anew
/// from its arguments after a pause, and the call is repeated.
#pragma once

#include "troupe/custom/message.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::custom {

/// Where a group begins that has no progress yet.
enum class begin_at : std::uint8_t {
  first, ///< with the oldest message there is
  last,  ///< with what comes from now on
};

/// What an actor wants. Topics are names, or patterns with `*`.
class setup {
public:
  struct consumption {
    std::string topic;
    std::string tags = "*"; ///< `*`, or tags separated by `||`
    begin_at from = begin_at::first;
    bool serves = false; ///< goes to serve, not to on_message
  };

  /// Messages of a topic on their way to a consumer group.
  struct delivery {
    std::string topic; ///< name or pattern
    std::string group; ///< likewise
  };

  struct timer {
    std::string name;
    std::chrono::milliseconds period;
  };

  /// on_message for every message of `topic`, at least once, each queue in
  /// order.
  void consume(std::string topic, std::string tags = "*",
               begin_at from = begin_at::first) {
    consumptions.push_back({std::move(topic), std::move(tags), from, false});
  }

  /// serve for every request that clients send to `topic` from now on. Consumed
  /// as consume does: progress is kept, what throws is tried again.
  void serve(std::string topic, std::string tags = "*") {
    consumptions.push_back(
      {std::move(topic), std::move(tags), begin_at::last, true});
  }

  /// intercept for every message that a client sends to `topic`, before it is
  /// stored.
  void intercept(std::string topic) { intercepts.push_back(std::move(topic)); }

  /// delivers for every message of `topic` that clients of `group` would get by
  /// a pull, which is how push consumers get theirs. Pops of these are refused;
  /// custom actors and queries by key or id see all.
  void filter(std::string topic, std::string group = "*") {
    filters.push_back({std::move(topic), std::move(group)});
  }

  /// check for every transaction of the producer group `group`, a name or a
  /// pattern, whose producer has not said in time how it ended.
  void answer_checks(std::string group) { checks.push_back(std::move(group)); }

  /// on_timer every `period`, counted from the end of the call before.
  void every(std::string name, std::chrono::milliseconds period) {
    timers.push_back({std::move(name), period});
  }

  /// The consumer group under which progress is kept; `custom-NAME` unless set.
  void group(std::string name) { group_name = std::move(name); }

  std::vector<consumption> consumptions;
  std::vector<std::string> intercepts;
  std::vector<delivery> filters;
  std::vector<std::string> checks;
  std::vector<timer> timers;
  std::string group_name;
};

/// What an actor can do within a call. State and messages sent take effect when
/// the call returns: messages are stored first, then state and progress are
/// committed to disk in one transaction. After a crash the two agree; a message
/// sent may be sent again.
class context {
public:
  virtual ~context() = default;

  /// The name the actor was spawned with.
  virtual std::string_view name() const = 0;

  /// The clock: ms since 1970 UTC.
  virtual std::int64_t now_ms() const = 0;

  // -- private state: rows of text -----------------------------------------

  virtual std::optional<std::string> get(std::string_view key) const = 0;

  /// @throws refusal when key (1 to 400 bytes) or the whole state (64 MiB) is
  ///         too large
  virtual void put(std::string_view key, std::string_view value) = 0;

  virtual void erase(std::string_view key) = 0;

  /// Visits the rows whose key begins with `prefix`, by key, until `visit`
  /// returns false. It may not change the state.
  virtual void
  each(std::string_view prefix,
       const std::function<bool(std::string_view key, std::string_view value)>&
         visit) const = 0;

  /// Number of rows.
  virtual std::size_t size() const = 0;

  // -- messages --------------------------------------------------------------

  /// @throws refusal when no topic may be called so, or it is too large
  virtual void send(outgoing message) = 0;

  /// Calls on_timer(`timer`) once after `delay`. Forgotten when the actor is
  /// made anew.
  virtual void after(std::chrono::milliseconds delay,
                     std::string_view timer) = 0;
};

/// What becomes of a message that was intercepted.
class verdict {
public:
  enum class kind : std::uint8_t {
    accept,
    reject
  };

  static verdict accept() { return {}; }

  /// The producer gets MESSAGE_ILLEGAL with `reason` as its remark, and does
  /// not retry.
  static verdict reject(std::string reason) {
    verdict x;
    x.what = kind::reject;
    x.reason = std::move(reason);
    return x;
  }

  /// Stores `body` in place of what was sent.
  verdict& with_body(std::string value) {
    body = std::move(value);
    return *this;
  }

  /// Sets a property of the message.
  verdict& with_property(std::string name, std::string value) {
    properties.emplace_back(std::move(name), std::move(value));
    return *this;
  }

  bool changes() const { return body.has_value() || !properties.empty(); }

  kind what = kind::accept;
  std::string reason;
  std::optional<std::string> body;
  fields properties;
};

/// What a service answers to a request.
struct reply {
  reply() = default;

  reply(std::string text) : body(std::move(text)) {}

  std::string body;
  fields properties;
};

/// The property of a reply that says why a request was refused.
inline constexpr std::string_view refused_property = "REFUSED";

/// How a transaction has ended.
enum class transaction_outcome : std::uint8_t {
  unknown,   ///< not known here, or not yet: a live producer is asked
  commit,    ///< its message is delivered
  roll_back, ///< its message never existed
};

/// Rows of an answer; each has its own fields.
struct answer {
  answer() = default;

  answer(fields row) { rows.push_back(std::move(row)); }

  std::vector<fields> rows;
};

/// Derive from it, with a constructor that takes `const arguments&` and throws
/// a refusal when they are wrong.
class actor {
public:
  virtual ~actor() = default;

  /// Says what it wants. Once, before any other call.
  virtual void start(setup& wants, context& own) = 0;

  virtual void on_message(const message&, context&) {}

  virtual void on_timer(std::string_view, context&) {}

  /// What becomes of a message. Its state changes are committed soon after,
  /// whether or not the message is stored in the end.
  virtual verdict intercept(const message&, context&) {
    return verdict::accept();
  }

  /// Answers a request (RocketMQ's `producer.request`). The reply goes to the
  /// client that waits for it when the changes of this call are on disk; a
  /// request that was not answered before a crash is served again. A refusal is
  /// answered with an empty body and its sentence as property REFUSED. Requests
  /// whose time to live is over are passed by; a message that asks for no reply
  /// is served like any other, what is returned for it goes nowhere.
  virtual reply serve(const message&, context& own) {
    throw refusal("`" + std::string{own.name()} + "` serves no requests");
  }

  /// Says how the transaction of a half message has ended. Its topic is the one
  /// that the message is meant for; the property TRANSACTION_CHECK_TIMES counts
  /// the checks. Decided when it returns and its changes are on disk. Asked
  /// before any live producer, who is asked when this says unknown, throws or
  /// takes more than 5 s.
  virtual transaction_outcome check(const message&, context&) {
    return transaction_outcome::unknown;
  }

  /// Whether clients of `group` get a message. One that they do not get is
  /// passed by for good: their progress goes on behind it. Its state changes
  /// are committed soon after. See `on_failure` for what becomes of a pull that
  /// cannot be judged in time.
  virtual bool delivers(const message&, std::string_view group, context&) {
    static_cast<void>(group);
    return true;
  }

  /// Answers a question that a person has asked, `word key=value ...`.
  virtual answer ask(std::string_view, const arguments&, context& own) {
    throw refusal("`" + std::string{own.name()} + "` answers no questions");
  }
};

} // namespace troupe::custom
