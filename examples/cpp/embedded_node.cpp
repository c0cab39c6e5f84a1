/// A program with a broker in it, and a custom actor of its own. Starts a node
/// on free ports, sends through the actor, and ends.
#include <troupe/custom_actor.hpp>
#include <troupe/node.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

namespace custom = troupe::custom;

/// Says something every 10 ms, and counts what it hears of itself.
class echo : public custom::actor {
public:
  explicit echo(const custom::arguments&) {}

  void start(custom::setup& wants, custom::context&) override {
    wants.every("say", std::chrono::milliseconds{10});
    wants.consume("echoes");
  }

  void on_timer(std::string_view, custom::context& own) override {
    custom::outgoing x;
    x.topic = "echoes";
    x.body = "hello";
    own.send(std::move(x));
  }

  void on_message(const custom::message&, custom::context& own) override {
    own.put("heard",
            std::to_string(std::stoi(own.get("heard").value_or("0")) + 1));
  }

  custom::answer ask(std::string_view, const custom::arguments&,
                     custom::context& own) override {
    return custom::fields{{"heard", own.get("heard").value_or("0")}};
  }
};

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: embedded_node DATA_DIRECTORY\n";
    return 2;
  }
  auto made = troupe::node::start(
    {{"data", argv[1]}, {"broker-port", "0"}, {"nameserver-port", "0"}},
    {custom::type<echo>("echo", "")});
  if (!made.running) {
    std::cerr << "embedded_node: " << made.refused << '\n';
    return 1;
  }
  auto& node = *made.running;
  std::cout << "ready broker=" << node.broker_port() << std::endl;
  if (auto why = node.spawn({"echo", "echo", {}}); !why.empty())
    std::cout << "not spawned: " << why << '\n'; // it is there since last time
  for (int i = 0; i < 500; ++i) {
    auto answer = node.ask("echo", "heard");
    if (!answer.rows.empty() && std::stoi(answer.rows[0][0].second) >= 10) {
      std::cout << "heard " << answer.rows[0][0].second << '\n';
      auto why = node.stop();
      std::cout << (why.empty() ? "ended in order" : why) << '\n';
      return why.empty() ? 0 : 1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  std::cerr << "embedded_node: nothing was heard in 10 s\n";
  return 1;
}
