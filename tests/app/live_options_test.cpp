/// Which options change while the node runs, what is said of the others, and
/// which changes hold when it is started again.
#include "app/node/live_options.hpp"

#include "support/catch.hpp"

#include <algorithm>

using namespace troupe;
using namespace troupe::app;

TEST_CASE("live options: all of a change take effect, in either spelling") {
  live_options options{{}};
  auto changed = options.change("fileReservedTime=48\n"
                                "deleteWhen=04;16\n"
                                " transactionCheckMax = 5 \r\n"
                                "transaction-timeout=7000\n"
                                "maxMessageSize=1000\n"
                                "recallMessageEnable=false\n"
                                "useServerSideResetOffset=false\n"
                                "cleanFileForciblyEnable=true\n");
  REQUIRE(changed);
  const auto& live = changed->live;
  CHECK(live.retention.keep_ms == 48ll * 3'600'000);
  CHECK(live.retention.hours == std::vector<int>{4, 16});
  CHECK(live.retention.delete_when_full);
  CHECK(live.transactions.checks_max == 5);
  CHECK(live.transactions.first_check_ms == 7000);
  CHECK(live.transactions.age_max_ms == live.retention.keep_ms);
  CHECK(live.body_bytes_max == 1000);
  CHECK_FALSE(live.recall_messages);
  CHECK_FALSE(live.reset_at_broker);
  auto shows = [&](const char* key, const char* value) {
    CAPTURE(key, value);
    return std::ranges::find(changed->shown,
                             std::pair<std::string, std::string>{key, value})
           != changed->shown.end();
  };
  CHECK(shows("fileReservedTime", "48"));
  CHECK(shows("useServerSideResetOffset", "false"));
  // The next change builds on it.
  auto again = options.change("maxMessageSize=2000");
  REQUIRE(again);
  CHECK(again->live.retention.keep_ms == 48ll * 3'600'000);
}

TEST_CASE("live options: one that is refused leaves all as they were") {
  struct refused_change {
    const char* lines;
    errc code;
    const char* said;
  };

  auto one =
    GENERATE(refused_change{"listenPort=1\n", errc::no_permission, "restart"},
             refused_change{"flushDiskType=SYNC_FLUSH\n", errc::no_permission,
                            "fileReservedTime"},
             refused_change{"maxMessageSize=much\n", errc::invalid_argument,
                            "a number from"},
             refused_change{"sendMessageThreadPoolNums=4\n",
                            errc::invalid_argument, "no thread pools"},
             refused_change{"fileReservedTim=4\n", errc::invalid_argument,
                            "did you mean fileReservedTime"},
             refused_change{"nonsense\n", errc::invalid_argument, "key=value"});
  live_options options{{}};
  auto changed =
    options.change(std::string{"maxMessageSize=1000\n"} + one.lines);
  REQUIRE_FALSE(changed);
  INFO(context_of(changed.error()));
  CHECK(is(changed.error(), one.code));
  CHECK(context_of(changed.error()).find(one.said) != std::string::npos);
  auto none = options.change("");
  REQUIRE(none);
  CHECK(none->live.body_bytes_max
        == static_cast<std::size_t>(node_options{}.message_bytes_max));
  CHECK(none->kept.empty());
}

TEST_CASE("live options: every one that can be changed is shown and kept") {
  for (const auto& [key, value] : changeable_settings({})) {
    CAPTURE(key, value);
    auto other = value == "true" ? "false" : value == "false" ? "true" : "7";
    live_options options{{}};
    auto changed = options.change(key + "=" + other);
    REQUIRE(changed);
    CHECK(changed->kept == std::vector<kept_setting>{{key, other, value}});
    CHECK(std::ranges::count(changed->shown,
                             std::pair<std::string, std::string>{key, other})
          == 1);
    // Started again as it was configured: the change holds.
    live_options again{{}};
    auto restored = again.restore(changed->kept);
    CHECK(restored.kept == changed->kept);
    CHECK(restored.shown == changed->shown);
    // As it is configured: there is nothing to keep any more.
    auto back = again.change(key + "=" + value);
    REQUIRE(back);
    CHECK(back->kept.empty());
  }
}

TEST_CASE("live options: what is configured later than a change wins") {
  node_options configured;
  configured.message_bytes_max = 5000;
  live_options options{configured};
  auto changed =
    options.change("message-bytes-max=1000\ntransactionCheckMax=3");
  REQUIRE(changed);
  REQUIRE(changed->kept.size() == 2);
  configured.message_bytes_max = 6000;
  auto restored = live_options{configured}.restore(changed->kept);
  CHECK(restored.live.body_bytes_max == 6000);
  CHECK(restored.live.transactions.checks_max == 3);
  CHECK(restored.kept
        == std::vector<kept_setting>{{"transactionCheckMax", "3", "15"}});
}

TEST_CASE("live options: kept ones that make no sense are passed over") {
  auto restored =
    live_options{{}}.restore({{"listenPort", "1", "10911"},
                              {"noSuchKey", "1", "2"},
                              {"transactionCheckMax", "x", "15"},
                              {"transactionCheckMax", "4", "15"}});
  CHECK(restored.live.transactions.checks_max == 4);
  CHECK(restored.kept.size() == 1);
}
