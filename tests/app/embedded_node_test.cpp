/// A node within a program, by its public header.
#include "troupe/client.hpp"
#include "troupe/node.hpp"

#include "custom/actors.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

#include <thread>

using namespace std::chrono_literals;

namespace {

troupe::custom::fields options_in(const std::string& directory) {
  return {{"data", directory}, {"broker-port", "0"}, {"nameserver-port", "0"}};
}

} // namespace

TEST_CASE("embedded node: serves clients, hosts actors, ends in order") {
  troupe::test::scratch home;
  auto made = troupe::node::start(options_in(home / "data"),
                                  {troupe::test::copier_type()});
  REQUIRE(made.refused.empty());
  auto& node = *made.running;
  CHECK(node.broker_port() != 0);
  CHECK(node.name_server_port() != 0);
  CHECK_FALSE(node.has_failed());
  auto broker = "127.0.0.1:" + std::to_string(node.broker_port());
  CHECK(
    node.spawn({"copy", "copier", {{"from", "in"}, {"to", "out"}}}).empty());
  CHECK(node.spawn({"x", "none", {}}).starts_with("no type is called `none`"));

  troupe::producer producer{broker};
  for (const auto* body : {"one", "two", "three"}) {
    troupe::custom::outgoing message;
    message.topic = "in";
    message.keys = std::string{"key-"} + body;
    message.body = body;
    auto sent = producer.send(message);
    CHECK(sent.refused.empty());
    CHECK(sent.message_id.size() == 32);
    CHECK(sent.offset >= 0);
  }
  troupe::custom::outgoing wrong;
  wrong.topic = "no topic";
  CHECK(producer.send(wrong).refused.find("illegal characters")
        != std::string::npos);

  std::size_t count = 0;
  {
    troupe::consumer consumer{broker, "readers", "out"};
    while (count < 3) {
      auto found = consumer.poll(10s);
      REQUIRE_FALSE(found.empty());
      count += found.size();
      CHECK(found[0].topic == "out");
      CHECK(found[0].property("UNIQ_KEY").size() == 32);
    }
    CHECK(count == 3);
    CHECK(consumer.commit().empty());
  }
  // Progress is the group's: another one of it has nothing left.
  troupe::consumer another{broker, "readers", "out"};
  CHECK(another.poll(100ms).empty());
  CHECK(another.trouble().empty());

  auto actors = node.list();
  REQUIRE(actors.size() == 1);
  CHECK(actors[0].consumed == 3);
  CHECK(node.restart("copy").empty());
  CHECK(node.ask("copy", "get", {{"key", "count"}}).rows.at(0).at(0).second
        == "3");
  CHECK(node.ask("copy", "what").refused == "no such question");
  CHECK(node.pause("copy").empty());
  CHECK(node.list().at(0).paused);
  troupe::custom::outgoing later;
  later.topic = "in";
  later.body = "four";
  CHECK(producer.send(later).refused.empty());
  std::this_thread::sleep_for(100ms); // it could have come by now
  CHECK(node.list().at(0).consumed == 3);
  CHECK(node.resume("copy").empty());
  CHECK(
    troupe::test::eventually([&] { return node.list().at(0).consumed == 4; }));
  CHECK_FALSE(node.pause("nobody").empty());
  CHECK(node.unspawn("copy").empty());
  CHECK(node.list().empty());
  CHECK(node.stop().empty());
  CHECK(node.stop().empty());
  CHECK_FALSE(node.spawn({"y", "copier", {}}).empty());
}

TEST_CASE("embedded node: what cannot be started says why") {
  troupe::test::scratch home;
  auto wrong = options_in(home / "data");
  wrong.emplace_back("flush", "never");
  CHECK(troupe::node::start(wrong).refused.find("flush") != std::string::npos);
  auto first = troupe::node::start(options_in(home / "data"));
  REQUIRE(first.running);
  auto second = troupe::node::start(options_in(home / "data"));
  CHECK_FALSE(second.running);
  CHECK(second.refused
        == "another node of this program has the data directory "
             + (home / "data"));
  CHECK(first.running->stop().empty());
  first.running.reset();
  CHECK(troupe::node::start(options_in(home / "data")).running);
}

TEST_CASE("client: says in a sentence when there is no broker") {
  troupe::producer nobody{"127.0.0.1:1"};
  troupe::custom::outgoing message;
  message.topic = "T";
  CHECK(nobody.send(message).refused == "nobody listens at 127.0.0.1:1");
  troupe::producer nowhere{"nowhere"};
  CHECK(nowhere.send(message).refused == "`nowhere` is no host:port");
}

TEST_CASE("embedded node: a setting that was changed holds after a restart") {
  troupe::test::scratch home;
  auto options = options_in(home / "data");
  auto shown = [](troupe::node& node) {
    auto answer =
      troupe::test::client{node.broker_port()}.call(troupe::test::request(
        troupe::remoting::request_code::get_broker_config, {}));
    return std::string{answer.body.view()};
  };
  auto has = [](const std::string& text, const char* line) {
    return ("\n" + text + "\n").find(std::string{"\n"} + line + "\n")
           != std::string::npos;
  };
  {
    auto made = troupe::node::start(options);
    REQUIRE(made.refused.empty());
    CHECK(troupe::test::client{made.running->broker_port()}
            .call(troupe::test::request(
              troupe::remoting::request_code::update_broker_config, {},
              "maxMessageSize=3000\ntransactionTimeOut=7000\n"))
            .code
          == 0);
    CHECK(has(shown(*made.running), "maxMessageSize=3000"));
  }
  {
    auto made = troupe::node::start(options);
    REQUIRE(made.refused.empty());
    CHECK(has(shown(*made.running), "maxMessageSize=3000"));
    CHECK(has(shown(*made.running), "transactionTimeOut=7000"));
    // Not only shown: a longer message is refused.
    troupe::producer producer{"127.0.0.1:"
                              + std::to_string(made.running->broker_port())};
    troupe::custom::outgoing message;
    message.topic = "t";
    message.body = std::string(3001, 'x');
    CHECK_FALSE(producer.send(message).refused.empty());
    message.body.resize(3000);
    CHECK(producer.send(message).refused.empty());
  }
  // Configured anew since: that is the last word, now and later.
  for (const auto* configured : {"5000", "4194304"}) {
    CAPTURE(configured);
    auto later = options;
    later.emplace_back("message-bytes-max", configured);
    auto made = troupe::node::start(later);
    REQUIRE(made.refused.empty());
    CHECK(has(shown(*made.running),
              ("maxMessageSize=" + std::string{configured}).c_str()));
    CHECK(has(shown(*made.running), "transactionTimeOut=7000"));
  }
}
