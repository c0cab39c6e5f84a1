/// What calls of a custom actor have changed and sent and is not committed yet.
/// A call that fails is taken back. Used by the node and by the test kit, so
/// that both do the same.
#pragma once

#include "troupe/custom/actor.hpp"
#include "troupe/limits.hpp"
#include "troupe/model/names.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe::custom {

class ledger {
public:
  using rows = std::map<std::string, std::string, std::less<>>;

  struct timer_wish {
    std::string name;
    std::chrono::milliseconds delay;
  };

  /// A reply on its way to the client that waits for it.
  struct letter_back {
    std::string client; ///< its id
    std::string body;
    std::string properties; ///< as records hold them
  };

  ledger() = default;

  explicit ledger(rows stored) : rows_(std::move(stored)) {
    for (const auto& [key, value] : rows_)
      bytes_ += key.size() + value.size();
  }

  const rows& state() const { return rows_; }

  std::size_t bytes() const { return bytes_; }

  // -- within a call ---------------------------------------------------------

  void begin() {
    if (!touched_)
      return; // most calls of an interceptor change nothing
    touched_ = false;
    undo_.clear();
    sent_before_ = sent_.size();
    sent_bytes_before_ = sent_bytes_;
    replies_before_ = replies_.size();
    timers_before_ = timers_.size();
  }

  /// Makes as if the call had not been.
  void take_back() {
    for (auto i = undo_.rbegin(); i != undo_.rend(); ++i)
      set(i->first, std::move(i->second));
    undo_.clear();
    sent_.resize(sent_before_);
    sent_bytes_ = sent_bytes_before_;
    replies_.resize(replies_before_);
    timers_.resize(timers_before_);
  }

  std::optional<std::string> get(std::string_view key) const {
    auto found = rows_.find(key);
    return found == rows_.end() ? std::nullopt : std::optional{found->second};
  }

  void put(std::string_view key, std::string_view value) {
    if (key.empty() || key.size() > limits::custom_key_bytes_max)
      throw refusal("a key of the state has 1 to "
                    + std::to_string(limits::custom_key_bytes_max)
                    + " bytes, not " + std::to_string(key.size()));
    auto found = rows_.find(key);
    auto before =
      found == rows_.end() ? 0 : found->first.size() + found->second.size();
    if (bytes_ - before + key.size() + value.size()
        > limits::custom_state_bytes_max)
      throw refusal("the state of an actor is at most "
                    + std::to_string(limits::custom_state_bytes_max)
                    + " bytes; erase what is no longer needed");
    change(key, std::string{value});
  }

  void erase(std::string_view key) {
    if (rows_.contains(key))
      change(key, {});
  }

  void send(outgoing message) {
    if (auto why = names::why_bad_topic(message.topic); !why.empty())
      throw refusal(why);
    if (names::is_forbidden_to_send(message.topic))
      throw refusal("topic " + message.topic + " belongs to the broker");
    if (message.body.size() > limits::body_bytes_max)
      throw refusal("a body of " + std::to_string(message.body.size())
                    + " bytes is too long to send");
    if (property_text_of(message).size() > limits::custom_properties_bytes_max)
      throw refusal("the properties are too long to send");
    touched_ = true;
    sent_bytes_ += message.body.size();
    sent_.push_back(std::move(message));
  }

  /// Answers the request `to`.
  void answer(const message& to, const reply& said) {
    letter_back letter;
    letter.client = to.property(properties::reply_to_client);
    letter.body = said.body;
    if (said.body.size() > limits::body_bytes_max)
      throw refusal("a reply of " + std::to_string(said.body.size())
                    + " bytes is too long");
    auto& text = letter.properties;
    for (const auto& [name, value] : said.properties)
      properties::append(text, name, value);
    for (auto name : {properties::correlation_id, properties::reply_to_client,
                      properties::time_to_live})
      if (auto value = to.property(name); !value.empty())
        text = properties::with(text, name, value);
    text = properties::with(text, properties::message_type, "reply");
    if (text.size() > limits::custom_properties_bytes_max)
      throw refusal("the properties of a reply are too long");
    touched_ = true;
    sent_bytes_ += letter.body.size();
    replies_.push_back(std::move(letter));
  }

  void after(std::chrono::milliseconds delay, std::string_view timer) {
    touched_ = true;
    timers_.push_back({std::string{timer}, delay});
  }

  // -- after it --------------------------------------------------------------

  std::size_t sent_bytes() const { return sent_bytes_; }

  bool has_changes() const { return !changed_.empty(); }

  bool has_sent() const { return !sent_.empty(); }

  /// What was sent since the last time, in order.
  std::vector<outgoing> take_sent() {
    touched_ = true;
    sent_before_ = 0;
    sent_bytes_ = sent_bytes_before_ = 0;
    return std::exchange(sent_, {});
  }

  bool has_replies() const { return !replies_.empty(); }

  std::vector<letter_back> take_replies() {
    touched_ = true;
    replies_before_ = 0;
    return std::exchange(replies_, {});
  }

  /// Rows that changed since the last time; no value: erased.
  std::vector<std::pair<std::string, std::optional<std::string>>>
  take_changes() {
    std::vector<std::pair<std::string, std::optional<std::string>>> result;
    for (const auto& key : std::exchange(changed_, {}))
      result.emplace_back(key, get(key));
    return result;
  }

  std::size_t timers_set() const { return timers_.size(); }

  bool has_timers() const { return !timers_.empty(); }

  std::vector<timer_wish> take_timers() {
    touched_ = true;
    timers_before_ = 0;
    return std::exchange(timers_, {});
  }

private:
  void change(std::string_view key, std::optional<std::string> value) {
    touched_ = true;
    undo_.emplace_back(key, get(key));
    set(std::string{key}, std::move(value));
  }

  void set(const std::string& key, std::optional<std::string> value) {
    changed_.insert(key);
    if (auto found = rows_.find(key); found != rows_.end()) {
      bytes_ -= found->first.size() + found->second.size();
      if (!value)
        rows_.erase(found);
    }
    if (value) {
      bytes_ += key.size() + value->size();
      rows_[key] = std::move(*value);
    }
  }

  rows rows_;
  std::size_t bytes_ = 0; // of keys and values in rows_
  std::set<std::string> changed_;
  std::vector<std::pair<std::string, std::optional<std::string>>> undo_;
  std::vector<outgoing> sent_;
  std::size_t sent_before_ = 0;
  std::size_t sent_bytes_ = 0;
  std::size_t sent_bytes_before_ = 0;
  std::vector<letter_back> replies_;
  std::size_t replies_before_ = 0;
  std::vector<timer_wish> timers_;
  std::size_t timers_before_ = 0;
  bool touched_ = true; // anything has changed since the last begin()
};

} // namespace troupe::custom
