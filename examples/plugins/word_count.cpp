/// Counts the words of the messages of one topic and tells each new count to
/// another one. The counts are its state: after kill -9 they are what was
/// consumed, no more and no less.
///
///     troupe node --plugin libword_count.so --custom 'words=word_count
///     from=lines to=counts'
#include <troupe/custom_actor.hpp>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string>
#include <utility>

namespace custom = troupe::custom;

class word_count : public custom::actor {
public:
  explicit word_count(const custom::arguments& given)
    : from_(given.need("from")),
      to_(given.need("to")) {}

  void start(custom::setup& wants, custom::context&) override {
    wants.consume(from_);
  }

  void on_message(const custom::message& m, custom::context& own) override {
    if (m.body.find('\0') != m.body.npos)
      throw std::runtime_error("the body is no text");
    std::string word;
    for (std::size_t i = 0; i <= m.body.size(); ++i) {
      auto c = i < m.body.size() ? static_cast<unsigned char>(m.body[i]) : ' ';
      if (std::isalnum(c) != 0)
        word += static_cast<char>(std::tolower(c));
      else if (!word.empty())
        count(std::exchange(word, {}), own);
    }
  }

  /// `count word=x`, or `total`.
  custom::answer ask(std::string_view question, const custom::arguments& given,
                     custom::context& own) override {
    if (question == "count")
      return custom::fields{
        {"count", own.get(given.need("word")).value_or("0")}};
    if (question == "total") {
      std::int64_t total = 0;
      own.each("", [&](std::string_view, std::string_view value) {
        total += std::stoll(std::string{value});
        return true;
      });
      return custom::fields{{"words", std::to_string(own.size())},
                            {"total", std::to_string(total)}};
    }
    throw custom::refusal("it answers `count word=WORD` and `total`");
  }

private:
  void count(const std::string& word, custom::context& own) {
    auto known = own.get(word);
    auto now = std::to_string((known ? std::stoll(*known) : 0) + 1);
    own.put(word, now);
    custom::outgoing told;
    told.topic = to_;
    told.keys = word;
    told.body = word + " " + now;
    own.send(std::move(told));
  }

  std::string from_;
  std::string to_;
};

TROUPE_PLUGIN("word-count", "1.0",
              troupe::custom::type<word_count>("word_count",
                                               "from=TOPIC to=TOPIC"))
