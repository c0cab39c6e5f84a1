/// Every script of examples/shell, against a node, over the network.
#include "shell/shell_node.hpp"

#include "app/shell/interpreter.hpp"
#include "app/shell/session.hpp"

#include "support/scratch.hpp"
#include "support/source_directory.hpp"

#include <algorithm>
#include <filesystem>
#include <thread>

using namespace troupe;
using namespace troupe::test;

TEST_CASE("the scripts of examples/shell run") {
  std::vector<std::filesystem::path> scripts;
  auto folder = source_directory() / "examples/shell";
  for (const auto& entry : std::filesystem::directory_iterator{folder})
    if (entry.path().extension() == ".tsh")
      scripts.push_back(entry.path());
  std::ranges::sort(scripts);
  CHECK(scripts.size() >= 3);
  for (const auto& script : scripts) {
    scratch home;
    shell_node node{home.path()};
    app::session session{{"127.0.0.1", node.port(), {}}};
    app::surroundings world;
    std::string printed;
    world.ask = [&](const admin_request& x) { return session.ask(x); };
    world.print = [&](const std::string& x) { printed += x; };
    world.sleep = [](std::chrono::milliseconds x) {
      std::this_thread::sleep_for(x);
    };
    auto lines = app::load_script(script.string());
    if (!lines)
      FAIL(describe(lines.error()));
    auto code = app::interpreter{world}.run(*lines);
    CAPTURE(script.filename().string(), printed);
    CHECK(code == app::exit_code::good);
  }
}
