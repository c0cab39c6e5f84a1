/// The troupe program: one executable, a sub-command for each use.
#include "app/bench/bench_main.hpp"
#include "app/bench/startup.hpp"
#include "app/node/node_main.hpp"
#include "app/shell/shell_main.hpp"
#include "app/store/store_main.hpp"

#include <iostream>
#include <string>
#include <vector>

namespace {

constexpr const char* usage =
  "usage: troupe COMMAND [OPTIONS]\n"
  "\n"
  "  node    run a broker and name server in the foreground\n"
  "  shell   talk to a running node: its topics, groups, messages, actors\n"
  "  bench   load and measure any server that speaks RocketMQ's protocol\n"
  "  store   check, repair, look into or move a data directory\n"
  "\n"
  "`troupe COMMAND --help` lists the options of a command. What the shell "
  "can do\nstands here as well: `troupe lag billing`; `troupe help` lists "
  "it.\n";

} // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments{argv + 1, argv + argc};
  auto leading = troupe::app::take_leading_options(arguments);
  if (arguments.empty()) {
    std::cerr << usage;
    return 2;
  }
  auto command = arguments.front();
  arguments.erase(arguments.begin());
  auto is_shell = command == "shell" || troupe::app::is_shell_verb(command);
  if (is_shell) {
    arguments.insert(arguments.begin(), leading.begin(), leading.end());
  } else if (!leading.empty()) {
    std::cerr << "troupe: `" << leading.front()
              << "` is an option of the shell and its verbs; those of `"
              << command << "` stand behind it\n";
    return 2;
  }
  if (command == "node")
    return troupe::app::node_main(arguments);
  if (command == "bench" && !arguments.empty() && arguments[0] == "startup")
    return troupe::app::startup_main({arguments.begin() + 1, arguments.end()});
  if (command == "bench")
    return troupe::app::bench_main(arguments);
  if (command == "store")
    return troupe::app::store_main(arguments);
  if (command == "--version" || command == "version") {
    std::cout << "troupe " << TROUPE_VERSION << '\n';
    return 0;
  }
  if (command == "--help" || command == "-h") {
    std::cout << usage;
    return 0;
  }
  if (command == "shell")
    return troupe::app::shell_main(arguments);
  if (command == "help" && arguments.empty())
    std::cout << usage << '\n';
  if (is_shell) {
    arguments.insert(arguments.begin(), command);
    return troupe::app::verb_main(arguments);
  }
  std::cerr << "troupe: no command is called `" << command << "`\n\n" << usage;
  return 2;
}
