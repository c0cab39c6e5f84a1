#include "app/node/config_file.hpp"

#include "support/catch.hpp"

using namespace troupe;
using namespace troupe::app;

namespace {

caf::error apply(node_options& options, std::string_view text) {
  return apply_config(options, text, "broker.conf");
}

} // namespace

TEST_CASE("a broker.conf of Apache RocketMQ is read as it is") {
  node_options options;
  REQUIRE_FALSE(apply(options, "# a comment\n"
                               "\n"
                               "brokerClusterName = Rack1\n"
                               "brokerName=broker-a\n"
                               "brokerId = 0\n"
                               "deleteWhen = 04\n"
                               "fileReservedTime = 48\n"
                               "brokerRole = ASYNC_MASTER\n"
                               "flushDiskType = ASYNC_FLUSH\n"
                               "listenPort=10921\n"
                               "namesrvAddr=10.0.0.1:9876;10.0.0.2:9876\n"
                               "storePathRootDir=/data/rmq\n"
                               "brokerIP1=10.0.0.9\n"
                               "autoCreateTopicEnable=false\r\n"
                               "mappedFileSizeCommitLog=1048576\n"
                               "messageDelayLevel=1s 10s 1m\n"
                               "transactionTimeOut=7000\n"
                               "transactionCheckInterval=10000\n"
                               "transactionCheckMax=5\n"
                               "timerMaxDelaySec=3600\n"
                               "recallMessageEnable=false\n"
                               "somethingNew=1\n"));
  CHECK(options.cluster == "Rack1");
  CHECK(options.broker_name == "broker-a");
  CHECK_FALSE(options.sync_flush);
  CHECK(options.broker_port == 10921);
  CHECK(options.name_servers
        == std::vector<std::string>{"10.0.0.1:9876", "10.0.0.2:9876"});
  CHECK(options.data == "/data/rmq");
  CHECK(options.advertise == "10.0.0.9");
  CHECK_FALSE(options.auto_create_topics);
  CHECK(options.segment_bytes == 1048576);
  CHECK(options.delay_levels == "1s 10s 1m");
  CHECK(options.transaction_timeout_ms == 7000);
  CHECK(options.transaction_check_interval_ms == 10'000);
  CHECK(options.transaction_checks_max == 5);
  CHECK(options.timer_delay_max_seconds == 3600);
  CHECK_FALSE(options.recall_messages);
  CHECK(options.retention.hours == std::vector{4});
  CHECK(options.retention.keep_ms == 48 * 3'600'000);
}

TEST_CASE("the names of the command line are understood, too") {
  node_options options;
  REQUIRE_FALSE(apply(options, "data = /d\nflush = async\nrole = nameserver\n"
                               "nameserver-port = 9877\n"));
  CHECK(options.data == "/d");
  CHECK(options.role == node_role::name_server);
  CHECK(options.name_server_port == 9877);
  CHECK_FALSE(options.sync_flush);
}

TEST_CASE("a bad value is refused with its line, itself and what is allowed") {
  struct bad_line {
    const char* text;
    const char* allowed;
  };

  auto bad =
    GENERATE(bad_line{"brokerName=a\nlistenPort=many\n", "65535"},
             bad_line{"\nlistenPort=70000\n", "65535"},
             bad_line{"\nflushDiskType=SOMETIMES\n", "SYNC_FLUSH"},
             bad_line{"\nautoCreateTopicEnable=yes\n", "true or false"},
             bad_line{"\nmessageDelayLevel=1 parsec\n", ""},
             bad_line{"\nbrokerRole=SLAVE\n", "MASTER"},
             bad_line{"\ndeleteWhen=04;24\n", "23"},
             bad_line{"\nfileReservedTime=-1\n", "0 to"},
             bad_line{"\nnamesrvAddr=host\n", "host:port"},
             bad_line{"\nno equals sign\n", ""});
  node_options options;
  auto error = apply(options, bad.text);
  REQUIRE(error);
  CHECK(is(error, errc::bad_config));
  auto text = context_of(error);
  INFO(text);
  CHECK(text.find("broker.conf:2") != text.npos);
  CHECK(text.find(bad.allowed) != text.npos);
}

TEST_CASE("a file that is not there is named") {
  node_options options;
  auto error = apply_config_file(options, "/nowhere/broker.conf");
  REQUIRE(error);
  CHECK(context_of(error).find("/nowhere/broker.conf") != std::string::npos);
}
