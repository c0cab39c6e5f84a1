/// Copies a topic to another one and leaves out messages whose key it has seen.
/// What it has seen is committed together with its progress, so a crash neither
/// lets a duplicate through nor loses a message. Keys are forgotten after a
/// while.
///
///     troupe node --plugin dedup.so --custom 'once=dedup from=orders
///     to=orders-once'
#include <troupe/custom_actor.hpp>

#include <string>
#include <vector>

namespace custom = troupe::custom;

class dedup : public custom::actor {
public:
  explicit dedup(const custom::arguments& given)
    : from_(given.need("from")),
      to_(given.need("to")),
      keep_ms_(1000 * given.number("keep_seconds", 86'400, 1, 31'536'000)) {}

  void start(custom::setup& wants, custom::context&) override {
    wants.consume(from_);
    wants.every("forget", std::chrono::minutes{1});
  }

  void on_message(const custom::message& m, custom::context& own) override {
    if (!m.keys().empty()) {
      if (own.get(m.keys()))
        return;
      own.put(m.keys(), std::to_string(own.now_ms()));
    }
    custom::outgoing copy;
    copy.topic = to_;
    copy.body = m.body;
    copy.keys = m.keys();
    copy.tags = m.tags();
    own.send(std::move(copy));
  }

  void on_timer(std::string_view, custom::context& own) override {
    std::vector<std::string> old;
    own.each("", [&](std::string_view key, std::string_view seen) {
      if (own.now_ms() - std::stoll(std::string{seen}) > keep_ms_)
        old.emplace_back(key);
      return old.size() < 10'000; // the rest with the next call
    });
    for (const auto& key : old)
      own.erase(key);
  }

  custom::answer ask(std::string_view question, const custom::arguments&,
                     custom::context& own) override {
    if (question != "seen")
      throw custom::refusal("it answers `seen`: the number of keys it knows");
    return custom::fields{{"keys", std::to_string(own.size())}};
  }

private:
  std::string from_;
  std::string to_;
  std::int64_t keep_ms_;
};

TROUPE_PLUGIN("dedup", "1.0",
              troupe::custom::type<dedup>(
                "dedup", "from=TOPIC to=TOPIC [keep_seconds=86400]"))
