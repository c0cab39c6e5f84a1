/// The state's pages are damaged while the node runs.
#include "storage/file.hpp"

#include "troupe/log.hpp"

#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/scratch.hpp"

using namespace troupe;
using namespace troupe::remoting;

namespace {

command commit_of(std::int64_t offset) {
  return test::request(request_code::update_consumer_offset,
                       {{"consumerGroup", "G"},
                        {"topic", "T"},
                        {"queueId", "0"},
                        {"commitOffset", std::to_string(offset)}});
}

/// No page of a tree is one any more.
void ruin_pages(const std::string& path) {
  auto data = storage::file::open(path, storage::open_mode::read_write);
  REQUIRE(data);
  auto size = (*data)->size();
  REQUIRE(size);
  constexpr std::int64_t page_bytes = 4096;
  for (auto at = 2 * page_bytes; at < *size; at += page_bytes)
    REQUIRE_FALSE((*data)->write(at + 10, {"\0\0", 2}));
}

} // namespace

TEST_CASE("a state that is damaged while the node runs takes nothing more") {
  log::least = log::level::off;
  test::scratch home;
  test::node node{home / "data"};
  test::client client{node.broker_port()};
  REQUIRE(client.call(test::send_of("T", 0, "a")).code == 0);
  REQUIRE(client.call(commit_of(1)).code == 0);
  ruin_pages(home / "data/state/data.mdb");
  for (int i = 0; i < 3; ++i) {
    auto refused = client.call(commit_of(2 + i));
    CHECK(refused.code == static_cast<int>(response_code::system_error));
    INFO(std::string{refused.remark});
    CHECK(std::string{refused.remark}.find("troupe store repair")
          != std::string::npos);
  }
  // Messages have nothing to do with it.
  CHECK(client.call(test::send_of("T", 0, "b")).code == 0);
  CHECK(client.call(test::pull_of("G", "T", 0, 1)).code == 0);
  CHECK(node.end()); // progress could not be stored
  log::least = log::level::info;
}
