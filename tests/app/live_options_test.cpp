/// Which options change while the node runs, and what is said of the others.
#include "app/node/live_options.hpp"

#include "support/catch.hpp"

#include <algorithm>

using namespace troupe;
using namespace troupe::app;

TEST_CASE("live options: all of a change take effect, in either spelling") {
  node_options options;
  auto changed = change_options(options, "fileReservedTime=48\n"
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
  auto again = change_options(options, "maxMessageSize=2000");
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
  node_options options;
  auto changed =
    change_options(options, std::string{"maxMessageSize=1000\n"} + one.lines);
  REQUIRE_FALSE(changed);
  INFO(context_of(changed.error()));
  CHECK(is(changed.error(), one.code));
  CHECK(context_of(changed.error()).find(one.said) != std::string::npos);
  CHECK(options.message_bytes_max == node_options{}.message_bytes_max);
}
