/// The progress of groups agrees with a map, whatever is done to it and however
/// the node ends.
#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/program.hpp"
#include "support/scratch.hpp"

#include <csignal>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

using namespace troupe;
using namespace troupe::remoting;

namespace {

constexpr int topics = 3;
constexpr int groups = 3;
constexpr int queues = 2;

struct place {
  int group = 0;
  int topic = 0;
  int queue = 0;

  auto operator<=>(const place&) const = default;
};

/// What a queue of a group may be at. -1: it has no progress.
struct known_progress {
  std::int64_t latest = -1;
  std::set<std::int64_t> after_crash{-1}; ///< the acknowledged one, and later
};

std::string topic_name(int topic) {
  return "topic-" + std::to_string(topic);
}

std::string group_name(int group) {
  return "group-" + std::to_string(group);
}

class progress_model {
public:
  progress_model(std::string directory, std::uint32_t seed)
    : directory_(std::move(directory)),
      random_(seed) {
    for (int group = 0; group < groups; ++group)
      for (int topic = 0; topic < topics; ++topic)
        for (int queue = 0; queue < queues; ++queue)
          model_[{group, topic, queue}] = {};
  }

  /// One life of a node: what is known of the last one is checked, then
  /// progress changes, then the node is killed or ends.
  void live() {
    test::program node{{"node", "--data", directory_, "--broker-port", "0",
                        "--nameserver-port", "0", "--shell-port", "off"}};
    REQUIRE(node.await_line());
    auto at = node.output.find("broker=");
    REQUIRE(at != std::string::npos);
    test::client client{
      static_cast<std::uint16_t>(std::stoi(node.output.substr(at + 7)))};
    for (int topic = 0; topic < topics; ++topic)
      make_topic(client, topic);
    for (auto& [where, known] : model_) {
      auto found = query(client, where);
      CAPTURE(where.group, where.topic, where.queue, known.latest);
      if (!known.after_crash.contains(found))
        FAIL("stands at " << found);
      known.latest = found;
    }
    for (auto steps = 20 + random_() % 60; steps > 0; --steps) {
      change(client);
      auto where = any_place();
      CAPTURE(where.group, where.topic, where.queue);
      REQUIRE(query(client, where) == model_[where].latest);
    }
    auto in_order = random_() % 3 == 0;
    node.send(in_order ? SIGTERM : SIGKILL);
    REQUIRE(node.wait() == (in_order ? 0 : -SIGKILL));
    if (in_order)
      for (auto& [where, known] : model_)
        known.after_crash = {known.latest};
  }

private:
  place any_place() {
    auto below = [this](int bound) {
      return static_cast<int>(random_() % static_cast<unsigned>(bound));
    };
    return {below(groups), below(topics), below(queues)};
  }

  static void make_topic(test::client& client, int topic) {
    auto made = client.call(test::create_of(topic_name(topic), queues));
    REQUIRE(made.code == 0);
  }

  static test::fields place_fields(const place& where) {
    return {{"consumerGroup", group_name(where.group)},
            {"topic", topic_name(where.topic)},
            {"queueId", std::to_string(where.queue)}};
  }

  static std::int64_t query(test::client& client, const place& where) {
    auto asked = place_fields(where);
    asked.emplace_back("setZeroIfNotFound", "false");
    auto answer = client.call(
      test::request(request_code::query_consumer_offset, std::move(asked)));
    if (answer.code == static_cast<int>(response_code::query_not_found))
      return -1;
    REQUIRE(answer.code == 0);
    return std::stoll(std::string{answer.field("offset")});
  }

  void change(test::client& client) {
    switch (random_() % 16) {
      case 0:
        return delete_topic(client);
      case 1:
        return delete_group(client);
      case 2:
        return clone(client);
      default:
        return commit(client);
    }
  }

  void commit(test::client& client) {
    auto where = any_place();
    auto offset = static_cast<std::int64_t>(random_() % 1000);
    auto values = place_fields(where);
    values.emplace_back("commitOffset", std::to_string(offset));
    auto request =
      test::request(request_code::update_consumer_offset, std::move(values));
    auto& known = model_[where];
    known.latest = offset;
    if (random_() % 2 == 0) {
      request.flag |= flag_oneway; // durable some time later, perhaps
      client.send(std::move(request));
      known.after_crash.insert(offset);
      return;
    }
    REQUIRE(client.call(std::move(request)).code == 0);
    known.after_crash = {offset};
  }

  void delete_topic(test::client& client) {
    auto topic = any_place().topic;
    REQUIRE(client
              .call(test::request(request_code::delete_topic_in_broker,
                                  {{"topic", topic_name(topic)}}))
              .code
            == 0);
    for (auto& [where, known] : model_)
      if (where.topic == topic)
        known = {};
    make_topic(client, topic);
  }

  void delete_group(test::client& client) {
    auto group = any_place().group;
    auto clean = random_() % 2 == 0;
    REQUIRE(client
              .call(test::request(request_code::delete_subscriptiongroup,
                                  {{"groupName", group_name(group)},
                                   {"cleanOffset", clean ? "true" : "false"}}))
              .code
            == 0);
    for (auto& [where, known] : model_)
      if (where.group == group && clean)
        known = {};
    // Asking does not make the group, a commit does.
    place where{group, 0, 0};
    auto values = place_fields(where);
    values.emplace_back("commitOffset", "5");
    REQUIRE(client
              .call(test::request(request_code::update_consumer_offset,
                                  std::move(values)))
              .code
            == 0);
    model_[where] = {5, {5}};
  }

  /// Durable when it is answered, with all that the group had before.
  void clone(test::client& client) {
    auto from = any_place();
    auto to = any_place().group;
    if (from.group == to)
      return;
    auto answer = client.call(test::request(
      request_code::clone_group_offset, {{"srcGroup", group_name(from.group)},
                                         {"destGroup", group_name(to)},
                                         {"topic", topic_name(from.topic)},
                                         {"offline", "true"}}));
    if (answer.code != 0)
      return; // the source has never committed: nothing has changed
    for (int queue = 0; queue < queues; ++queue) {
      auto offset = model_[{from.group, from.topic, queue}].latest;
      if (offset >= 0)
        model_[{to, from.topic, queue}] = {offset, {offset}};
    }
  }

  std::string directory_;
  std::mt19937 random_;
  std::map<place, known_progress> model_;
};

} // namespace

namespace {

/// A few lives by default; TROUPE_LIVES=n makes n.
int lives() {
  const char* given = std::getenv("TROUPE_LIVES");
  return given != nullptr ? std::atoi(given) : 5;
}

} // namespace

TEST_CASE("progress agrees with a map through kills and restarts") {
  auto seed = test::seed_of_run("progress");
  CAPTURE(seed);
  test::scratch home;
  progress_model model{home / "data", seed};
  for (int life = 0; life < lives(); ++life) {
    CAPTURE(life);
    model.live();
  }
}
