/// The rules of a name server, with the time given.
#include "name_server/name_server_state.hpp"

#include "troupe/errc.hpp"

#include "support/catch.hpp"

using namespace troupe;

namespace {

constexpr auto expiry_ms =
  std::chrono::milliseconds{limits::broker_expiry}.count();

register_broker says(const std::string& name, std::int64_t id,
                     const std::string& address,
                     const std::vector<std::string>& topics) {
  register_broker wish;
  wish.says.cluster = "C";
  wish.says.name = name;
  wish.says.broker_id = id;
  wish.says.address = address;
  wish.says.version.counter = static_cast<std::int64_t>(topics.size());
  for (const auto& topic : topics) {
    topic_config config;
    config.name = topic;
    wish.says.topics.push_back(config);
  }
  wish.link = client_link{};
  wish.link->connection = {static_cast<std::uint32_t>(id) + 1, 1};
  return wish;
}

} // namespace

TEST_CASE("a topic's route has the queues and addresses of all its brokers") {
  name_server_state names;
  REQUIRE(names.register_one(says("a", 0, "1:1", {"T", "U"}), {0}));
  REQUIRE(names.register_one(says("b", 0, "2:2", {"T", "V"}), {0}));
  auto route = names.route("T");
  REQUIRE(route);
  CHECK(route->queues.size() == 2);
  CHECK(route->brokers.size() == 2);
  CHECK_FALSE(names.route("W"));
}

TEST_CASE("the broker of this process tells what has changed") {
  name_server_state names;
  auto own = says("a", 0, "1:1", {"T", "U"});
  own.link.reset();
  auto change = says("a", 0, "1:1", {"V"});
  change.link.reset();
  change.changes_only = true;
  change.removed = {"T"};
  CHECK(names.register_one(change, {0}).error() == errc::config_conflict);
  CHECK_FALSE(names.route("V"));
  REQUIRE(names.register_one(own, {0}));
  REQUIRE(names.register_one(change, {0}));
  CHECK(names.route("U"));
  CHECK(names.route("V"));
  CHECK_FALSE(names.route("T"));
  // Two changes that were stored together bear the same version.
  change.says.topics.front().read_queues = 3;
  REQUIRE(names.register_one(change, {0}));
  auto route = names.route("V");
  REQUIRE(route);
  CHECK(route->queues.front().read_queues == 3);
}

TEST_CASE("a slave is in the route but does not say what topics there are") {
  name_server_state names;
  REQUIRE(names.register_one(says("a", 0, "1:1", {"T", "U"}), {0}));
  auto answer = names.register_one(says("a", 1, "2:2", {"T", "X"}), {0});
  REQUIRE(answer);
  CHECK(answer->master_address == "1:1");
  auto route = names.route("T");
  REQUIRE(route);
  REQUIRE(route->brokers.size() == 1);
  CHECK(route->brokers.front().addresses.size() == 2);
  CHECK_FALSE(names.route("X"));
}

TEST_CASE("a broker not heard of goes, with the routes only it had") {
  name_server_state names;
  REQUIRE(names.register_one(says("a", 0, "1:1", {"T", "U"}), {0}));
  REQUIRE(names.register_one(says("b", 0, "2:2", {"T", "V"}), {1000}));
  names.heard("C", "1:1", {500});
  CHECK(names.expire({expiry_ms + 500}).empty());
  CHECK(names.expire({expiry_ms + 501}) == std::vector<std::string>{"a"});
  CHECK_FALSE(names.route("U"));
  REQUIRE(names.route("T"));
  CHECK(names.route("T")->brokers.front().name == "b");
}

TEST_CASE("a broker whose connection closed is gone at once") {
  name_server_state names;
  auto wish = says("a", 0, "1:1", {"T", "U"});
  REQUIRE(names.register_one(wish, {0}));
  names.connection_lost(*wish.link);
  CHECK_FALSE(names.route("T"));
  CHECK_FALSE(names.has_brokers());
}

TEST_CASE("one topic from a broker that is not known is asked for again") {
  name_server_state names;
  auto early = names.register_one(says("a", 0, "1:1", {"T"}), {0});
  REQUIRE_FALSE(early);
  CHECK(context_of(early.error()).find("has not registered")
        != std::string::npos);
  CHECK_FALSE(names.has_brokers());
}

TEST_CASE("a broker closed for writing keeps its readers") {
  name_server_state names;
  REQUIRE(names.register_one(says("a", 0, "1:1", {"T", "U"}), {0}));
  CHECK(names.change_write_perm("a", false) == 2);
  CHECK(names.route("T")->queues.front().perm == permission::read);
  CHECK(names.change_write_perm("a", true) == 2);
  CHECK(names.route("T")->queues.front().perm == permission::read_write);
}
