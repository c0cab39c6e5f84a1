/// Answers transaction checks for a producer group whose producers have died.
/// Producers tell what became of their local transactions in a topic of their
/// own: a message with the transaction's id as its key and `commit` or
/// `roll_back` as its body. The broker asks here first; of what is not known
/// here it asks a live producer, and once `give_up_seconds` are over since the
/// half message was stored, the transaction is rolled back.
///
///     troupe node --plugin check_responder.so
///       --custom 'payments=check_responder group=billing outcomes=ledger'
#include <troupe/custom_actor.hpp>

#include <string>
#include <vector>

namespace custom = troupe::custom;

class check_responder : public custom::actor {
public:
  explicit check_responder(const custom::arguments& given)
    : group_(given.need("group")),
      outcomes_(given.need("outcomes")),
      give_up_ms_(1000 * given.number("give_up_seconds", 0, 0, 31'536'000)),
      keep_ms_(1000 * given.number("keep_seconds", 604'800, 1, 31'536'000)) {}

  void start(custom::setup& wants, custom::context&) override {
    wants.answer_checks(group_);
    wants.consume(outcomes_);
    wants.every("forget", std::chrono::minutes{1});
  }

  /// What became of a local transaction.
  void on_message(const custom::message& m, custom::context& own) override {
    if (m.body != "commit" && m.body != "roll_back")
      throw std::runtime_error("the body is neither commit nor roll_back");
    own.put(m.keys(), std::to_string(m.stored_ms) + " " + std::string{m.body});
  }

  custom::transaction_outcome check(const custom::message& half,
                                    custom::context& own) override {
    using enum custom::transaction_outcome;
    if (auto known = own.get(half.keys()))
      return known->ends_with(" commit") ? commit : roll_back;
    if (give_up_ms_ > 0 && own.now_ms() - half.stored_ms > give_up_ms_)
      return roll_back;
    return unknown;
  }

  void on_timer(std::string_view, custom::context& own) override {
    std::vector<std::string> old;
    own.each("", [&](std::string_view key, std::string_view value) {
      if (own.now_ms() - std::stoll(std::string{value}) > keep_ms_)
        old.emplace_back(key);
      return old.size() < 10'000; // the rest with the next call
    });
    for (const auto& key : old)
      own.erase(key);
  }

  custom::answer ask(std::string_view question, const custom::arguments& given,
                     custom::context& own) override {
    if (question != "outcome")
      throw custom::refusal("it answers `outcome key=KEY`");
    return custom::fields{
      {"outcome", own.get(given.need("key")).value_or("unknown")}};
  }

private:
  std::string group_;
  std::string outcomes_;
  std::int64_t give_up_ms_; // 0: never
  std::int64_t keep_ms_;
};

TROUPE_PLUGIN("check-responder", "1.0",
              troupe::custom::type<check_responder>(
                "check_responder",
                "group=PRODUCER_GROUP outcomes=TOPIC [give_up_seconds=0] "
                "[keep_seconds=604800]"))
