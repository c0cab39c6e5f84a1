/// A request/reply service within the broker: clients ask with RocketMQ's
/// `producer.request`, the answer goes to the one that waits. `set ITEM PRICE`
/// changes a price, `ITEM` asks for it. A price that was answered is on disk.
///
///     troupe node --plugin price_service.so
///       --custom 'prices=price_service topic=prices'
#include <troupe/custom_actor.hpp>

#include <string>

namespace custom = troupe::custom;

class price_service : public custom::actor {
public:
  explicit price_service(const custom::arguments& given)
    : topic_(given.need("topic")) {}

  void start(custom::setup& wants, custom::context&) override {
    wants.serve(topic_);
  }

  custom::reply serve(const custom::message& request,
                      custom::context& own) override {
    std::string text{request.body};
    if (!text.starts_with("set ")) {
      auto price = own.get(text);
      if (!price)
        throw custom::refusal("no price is known for `" + text + "`");
      return {*price};
    }
    auto blank = text.find(' ', 4);
    if (blank == text.npos || blank == 4 || blank + 1 == text.size())
      throw custom::refusal("write `set ITEM PRICE`");
    auto item = text.substr(4, blank - 4);
    auto before = own.get(item).value_or("none");
    own.put(item, text.substr(blank + 1));
    return {before};
  }

  /// `price`: all of them.
  custom::answer ask(std::string_view question, const custom::arguments&,
                     custom::context& own) override {
    if (question != "price")
      throw custom::refusal("it answers `price`: each item and its price");
    custom::fields row;
    own.each("", [&](std::string_view item, std::string_view price) {
      row.emplace_back(item, price);
      return row.size() < 1000;
    });
    return row;
  }

private:
  std::string topic_;
};

TROUPE_PLUGIN("price-service", "1.0",
              troupe::custom::type<price_service>("price_service",
                                                  "topic=TOPIC"))
