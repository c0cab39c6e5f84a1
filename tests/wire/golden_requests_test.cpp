/// Every request that real clients were seen to send, put to a node: each is
/// answered under its own number, whatever the answer.
#include "support/catch.hpp"
#include "support/golden.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

#include <algorithm>

using namespace troupe;
using namespace troupe::remoting;

namespace {

/// Requests that a server sends to clients.
bool is_for_clients(std::int32_t code) {
  constexpr std::int32_t codes[] = {39, 40, 220, 221, 307, 309, 326};
  return std::ranges::count(codes, code) > 0;
}

} // namespace

TEST_CASE("every golden request is answered") {
  auto folder = test::golden_directory() / "frames";
  if (!std::filesystem::exists(folder)) {
    WARN("no golden frames at " << folder << "; nothing was checked");
    return;
  }
  test::scratch home;
  test::node node{home / "data"};
  std::map<std::int32_t, int> unsupported;
  std::size_t answered = 0;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator{folder})
    if (entry.path().filename().string().ends_with("__req.bin"))
      paths.push_back(entry.path());
  std::ranges::sort(paths);
  for (const auto& path : paths) {
    INFO(path.filename().string());
    auto frame = test::read_file(path);
    auto ask = decode_command(frame);
    REQUIRE(ask);
    if (is_for_clients(ask->code))
      continue;
    auto to_name_server =
      path.filename().string().find("__to_namesrv") != std::string::npos;
    test::client client{to_name_server ? node.name_server_port()
                                       : node.broker_port()};
    client.write(frame);
    if ((ask->flag & flag_oneway) != 0) {
      CHECK_FALSE(client.receive(std::chrono::milliseconds{5}));
      continue;
    }
    if (path.filename().string().find("longpoll") != std::string::npos)
      continue; // answered when a message comes
    auto answer = client.receive(std::chrono::seconds{20});
    while (answer && (answer->flag & flag_response) == 0)
      answer = client.receive(); // the node has something to tell first
    REQUIRE(answer);
    CHECK(answer->opaque == ask->opaque);
    if (answer->code
        == static_cast<std::int32_t>(response_code::request_code_not_supported))
      ++unsupported[ask->code];
    ++answered;
  }
  CHECK(answered > 500);
  // Shown, not checked: what the node does not serve yet.
  std::string list;
  for (const auto& [code, count] : unsupported)
    list += " " + std::to_string(code);
  if (!list.empty())
    WARN("not supported yet:" << list);
}
