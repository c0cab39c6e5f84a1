/// Reads the dead letters of a group, tells why they died, and sends those
/// whose cause has passed back to where they came from, a few times each.
///
///     troupe node --plugin dead_letter_doctor.so
///       --custom 'doctor=dead_letter_doctor group=billing cure=timeout'
#include <troupe/custom_actor.hpp>

#include <cstdint>
#include <string>

namespace custom = troupe::custom;

class dead_letter_doctor : public custom::actor {
public:
  explicit dead_letter_doctor(const custom::arguments& given)
    : topic_("%DLQ%" + given.need("group")),
      cure_(given.get("cure")),
      times_(given.number("times", 3, 1, 100)) {}

  void start(custom::setup& wants, custom::context&) override {
    wants.consume(topic_);
  }

  void on_message(const custom::message& m, custom::context& own) override {
    auto why = m.property("PARKED_WHY"); // of custom actors; others tell none
    auto home = m.property("DLQ_ORIGIN_TOPIC");
    if (home.empty())
      home = m.property("RETRY_TOPIC");
    auto cured = std::int64_t{0};
    if (auto text = m.property("CURED"); !text.empty())
      cured = std::stoll(std::string{text});
    count(own, "seen");
    if (home.empty() || cured >= times_
        || (!cure_.empty() && why.find(cure_) == why.npos)) {
      count(own, "left");
      own.put("last_left", std::string{why.empty() ? "unknown" : why});
      return;
    }
    custom::outgoing again;
    again.topic = home;
    again.body = m.body;
    again.tags = m.tags();
    again.keys = m.keys();
    again.properties = {{"CURED", std::to_string(cured + 1)}};
    own.send(std::move(again));
    count(own, "cured");
  }

  custom::answer ask(std::string_view question, const custom::arguments&,
                     custom::context& own) override {
    if (question != "report")
      throw custom::refusal("it answers `report`");
    custom::fields row;
    for (const auto* key : {"seen", "cured", "left", "last_left"})
      row.emplace_back(key, own.get(key).value_or("0"));
    return row;
  }

private:
  static void count(custom::context& own, std::string_view key) {
    own.put(key, std::to_string(std::stoll(own.get(key).value_or("0")) + 1));
  }

  std::string topic_;
  std::string cure_; // part of the reason; empty: any
  std::int64_t times_;
};

TROUPE_PLUGIN("dead-letter-doctor", "1.0",
              troupe::custom::type<dead_letter_doctor>(
                "dead_letter_doctor",
                "group=GROUP [cure=PART_OF_THE_REASON] [times=3]"))
