/// Loads a plug-in into a node of its own, spawns an actor, sees it listed,
/// kills it, sees it come back; then the whole process is killed, and the next
/// run finds the actor as it was.
///     plugin_tour DATA_DIRECTORY PLUGIN first|again
#include <troupe/client.hpp>
#include <troupe/node.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>

namespace {

[[noreturn]] void fail(const std::string& why) {
  std::cout << "FAILED: " << why << std::endl;
  std::_Exit(1);
}

void must(const std::string& refused) {
  if (!refused.empty())
    fail(refused);
}

/// The only actor, as it is listed.
troupe::custom_report listed(const troupe::node& node) {
  auto all = node.list();
  if (all.size() != 1)
    fail(std::to_string(all.size()) + " actors are listed");
  std::cout << "listed " << all[0].spec.name << " " << to_string(all[0].state)
            << " restarts=" << all[0].restarts << std::endl;
  return all[0];
}

void expect_count(troupe::node& node, const std::string& count) {
  std::string got;
  for (int i = 0; i < 500; ++i) {
    auto answer = node.ask("tour", "show");
    got =
      answer.refused.empty() ? answer.rows.at(0).at(0).second : answer.refused;
    if (got == count) {
      std::cout << "it has counted " << got << std::endl;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  fail("it has counted " + got + ", not " + count);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: plugin_tour DATA_DIRECTORY PLUGIN first|again\n";
    return 2;
  }
  auto again = std::string{argv[3]} == "again";
  auto made = troupe::node::start({{"data", argv[1]},
                                   {"broker-port", "0"},
                                   {"nameserver-port", "0"},
                                   {"plugin", argv[2]}});
  if (!made.running)
    fail(made.refused);
  auto& node = *made.running;
  troupe::producer producer{"127.0.0.1:" + std::to_string(node.broker_port())};
  auto send = [&] {
    troupe::custom::outgoing message;
    message.topic = "tour";
    message.body = "hello";
    must(producer.send(message).refused);
  };
  if (!again) {
    must(node.spawn({"tour", "hello", {{"topic", "tour"}}}));
    send();
    expect_count(node, "1");
    listed(node);
    must(node.restart("tour"));
    send();
    expect_count(node, "2");
    if (listed(node).restarts != 1)
      fail("it was not made anew");
    std::cout << "kill -9" << std::endl;
    std::raise(SIGKILL);
  }
  auto found = listed(node);
  if (found.spec.type != "hello" || found.spec.arguments.size() != 1)
    fail("it came back otherwise");
  expect_count(node, "2");
  send();
  expect_count(node, "3");
  must(node.unspawn("tour"));
  if (!node.list().empty())
    fail("it is still there");
  must(node.stop());
  std::cout << "ended in order" << std::endl;
}
