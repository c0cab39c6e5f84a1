/// Custom actors that do what a test needs.
#pragma once

#include "troupe/custom_actor.hpp"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace troupe::test {

/// Copies messages from one topic to another and counts them. Throws at a body
/// that begins with `bad`, the first `times` times that it sees each.
class copier : public custom::actor {
public:
  explicit copier(const custom::arguments& given)
    : from_(given.need("from")),
      to_(given.need("to")),
      times_(given.number("times", 1'000'000, 0, 1'000'000)) {}

  void start(custom::setup& wants, custom::context&) override {
    wants.consume(from_);
    wants.every("beat", std::chrono::seconds{10});
  }

  void on_message(const custom::message& m, custom::context& own) override {
    auto count = std::stoi(own.get("count").value_or("0"));
    own.put("count", std::to_string(count + 1));
    custom::outgoing copy;
    copy.topic = to_;
    copy.body = m.body;
    own.send(std::move(copy));
    if (m.body.starts_with("bad") && m.attempt < times_)
      throw std::runtime_error("cannot take " + std::string{m.body});
  }

  void on_timer(std::string_view name, custom::context& own) override {
    auto key = "timer " + std::string{name};
    own.put(key, std::to_string(std::stoi(own.get(key).value_or("0")) + 1));
  }

  custom::answer ask(std::string_view question, const custom::arguments& given,
                     custom::context& own) override {
    if (question == "get")
      return custom::fields{
        {"value", own.get(given.need("key")).value_or("none")}};
    if (question == "set") {
      own.put(given.need("key"), given.need("value"));
      return {};
    }
    if (question == "die")
      throw std::logic_error("asked to die");
    if (question == "later") {
      own.after(std::chrono::milliseconds{given.number("ms", 0, 0, 1'000'000)},
                "later");
      return {};
    }
    throw custom::refusal("no such question");
  }

private:
  std::string from_;
  std::string to_;
  std::int64_t times_;
};

/// Judges messages of a topic by their body.
class judge : public custom::actor {
public:
  /// Naps that any of them has begun.
  static int naps() { return naps_.load(); }

  explicit judge(const custom::arguments& given)
    : topic_(given.need("topic")),
      mark_(given.get("mark")) {}

  void start(custom::setup& wants, custom::context&) override {
    wants.intercept(topic_);
  }

  custom::verdict intercept(const custom::message& m,
                            custom::context& own) override {
    if (m.body == "no")
      return custom::verdict::reject("it says no");
    if (m.body == "throw")
      throw std::runtime_error("cannot judge");
    if (m.body == "sleep")
      std::this_thread::sleep_for(std::chrono::milliseconds{2500});
    if (m.body == "nap") {
      naps_.fetch_add(1);
      std::this_thread::sleep_for(std::chrono::milliseconds{300});
    }
    if (m.body == "count") {
      auto count = std::stoi(own.get("count").value_or("0"));
      own.put("count", std::to_string(count + 1));
    }
    auto x = custom::verdict::accept();
    if (m.body == "old")
      x.with_body("new");
    if (!mark_.empty())
      x.with_property("JUDGED_BY",
                      std::string{m.property("JUDGED_BY")} + mark_);
    return x;
  }

  custom::answer ask(std::string_view, const custom::arguments&,
                     custom::context& own) override {
    return custom::fields{{"value", own.get("count").value_or("0")}};
  }

private:
  static inline std::atomic<int> naps_{0};

  std::string topic_;
  std::string mark_;
};

/// Serves a topic, filters one, answers checks of a producer group; whichever
/// is named.
class clerk : public custom::actor {
public:
  explicit clerk(const custom::arguments& given)
    : serves_(given.get("serves")),
      filters_(given.get("filters")),
      groups_(given.get("groups", "*")),
      checks_(given.get("checks")) {}

  void start(custom::setup& wants, custom::context&) override {
    if (!serves_.empty())
      wants.serve(serves_);
    if (!filters_.empty())
      wants.filter(filters_, groups_);
    if (!checks_.empty())
      wants.answer_checks(checks_);
  }

  custom::reply serve(const custom::message& m, custom::context& own) override {
    if (m.body == "refuse")
      throw custom::refusal("not like this");
    auto count = std::stoi(own.get("served").value_or("0")) + 1;
    own.put("served", std::to_string(count));
    if (m.body == "bad" && m.attempt == 0)
      throw std::runtime_error("cannot serve");
    custom::reply said{"re: " + std::string{m.body} + " "
                       + std::to_string(count)};
    said.properties = {{"BY", std::string{own.name()}}};
    return said;
  }

  custom::transaction_outcome check(const custom::message& half,
                                    custom::context& own) override {
    using enum custom::transaction_outcome;
    own.put("checked " + std::string{half.topic} + " " + std::string{half.body},
            half.property("TRANSACTION_CHECK_TIMES"));
    if (half.body == "throw")
      throw std::runtime_error("cannot tell");
    return half.body == "yes"  ? commit
           : half.body == "no" ? roll_back
                               : unknown;
  }

  bool delivers(const custom::message& m, std::string_view group,
                custom::context&) override {
    if (m.body == "throw")
      throw std::runtime_error("cannot judge");
    if (m.body == "sleep")
      std::this_thread::sleep_for(std::chrono::milliseconds{2500});
    return m.body != "for others" || group == "others";
  }

  custom::answer ask(std::string_view, const custom::arguments& given,
                     custom::context& own) override {
    return custom::fields{
      {"value", own.get(given.need("key")).value_or("none")}};
  }

private:
  std::string serves_;
  std::string filters_;
  std::string groups_;
  std::string checks_;
};

inline troupe_plugin_type clerk_type() {
  return custom::type<clerk>(
    "clerk", "[serves=TOPIC] [filters=TOPIC] [groups=*] [checks=GROUP]");
}

inline troupe_plugin_type judge_type() {
  return custom::type<judge>("judge", "topic=TOPIC [mark=TEXT]");
}

inline troupe_plugin_type copier_type() {
  return custom::type<copier>("copier", "from=TOPIC to=TOPIC [times=N]");
}

} // namespace troupe::test
