/// What is delayed, timed or open when the wall clock jumps. This program has a
/// clock_gettime of its own, which the library's clocks call as well.
#include "storage/record.hpp"

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/node.hpp"
#include "support/records.hpp"
#include "support/scratch.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <sys/syscall.h>
#include <unistd.h>

using namespace troupe;
using namespace troupe::remoting;
using namespace std::chrono_literals;

namespace {

std::atomic<std::int64_t> jumped_seconds{0};

/// While it lives the wall clock goes wrong by so much.
class jump {
public:
  explicit jump(std::chrono::seconds by) { jumped_seconds = by.count(); }

  ~jump() { jumped_seconds = 0; }

  jump(const jump&) = delete;
  jump& operator=(const jump&) = delete;
};

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the C library's name.
extern "C" int clock_gettime(clockid_t which, timespec* to) noexcept {
  auto result = static_cast<int>(::syscall(SYS_clock_gettime, which, to));
  if (which == CLOCK_REALTIME)
    to->tv_sec += jumped_seconds;
  return result;
}

namespace {

constexpr auto hour = 3600s;
// Longer than limits::alarm_max, by what a busy machine needs.
constexpr auto soon = 5s;

cast_options options_in(const std::string& directory) {
  cast_options options;
  options.data_directory = directory;
  options.broker_name = "broker-a";
  options.delays = *delay_levels::parse("2s 30m");
  options.transactions = {1'800'000, 1'800'000, 15, 3'600'000'000};
  return options;
}

void send(test::client& client, const std::string& body,
          const std::string& property) {
  REQUIRE(client.call(test::send_of("T", 0, body, property)).code == 0);
}

std::string timed_in(std::chrono::milliseconds time) {
  return "TIMER_DELIVER_MS\x01"
         + std::to_string((now_ms() + time.count()).value) + "\x02";
}

/// Bodies that have come, in order.
std::vector<std::string> found(test::client& client) {
  return test::bodies_of(client.call(test::pull_of("G", "T", 0, 0)));
}

using bodies = std::vector<std::string>;

} // namespace

TEST_CASE("clock: the test's own is the one that the node goes by") {
  auto before = now_ms();
  jump forwards{hour};
  CHECK(now_ms() - before >= 3'600'000);
}

TEST_CASE("clock: what is due after a jump forwards comes at once") {
  test::scratch home;
  test::node node{options_in(home / "data")};
  test::client client{node.broker_port()};
  send(client, "delayed",
       "DELAY\x01"
       "2\x02");
  send(client, "timed", timed_in(50min));
  send(client, "later", timed_in(90min));
  std::this_thread::sleep_for(1s);
  CHECK(found(client).empty());
  jump forwards{hour};
  CHECK(test::eventually([&] { return found(client).size() == 2; }));
  std::this_thread::sleep_for(1s);
  CHECK(found(client).size() == 2); // "later" is not due, nothing comes twice
}

TEST_CASE("clock: a jump backwards holds up no delay, and no timer is early") {
  test::scratch home;
  test::node node{options_in(home / "data")};
  test::client client{node.broker_port()};
  send(client, "delayed",
       "DELAY\x01"
       "1\x02");
  send(client, "timed", timed_in(2s));
  {
    jump backwards{-hour};
    // A delay is a duration: it ends. A moment is one of the wall clock's.
    CHECK(test::eventually([&] { return found(client).size() == 1; }));
    std::this_thread::sleep_for(2s);
    CHECK(found(client) == bodies{"delayed"});
    // What is sent by the wrong clock is due by the wrong clock.
    send(client, "by the wrong clock", timed_in(500ms));
    CHECK(test::eventually([&] { return found(client).size() == 2; }));
  }
  CHECK(test::eventually([&] { return found(client).size() == 3; }));
  CHECK(found(client) == bodies{"delayed", "by the wrong clock", "timed"});
}

TEST_CASE("clock: an open transaction is asked about after a jump") {
  test::scratch home;
  test::node node{options_in(home / "data")};
  test::client client{node.broker_port()};
  REQUIRE(client
            .call(test::send_of("T", 0, "half",
                                "TRAN_MSG\x01true\x02PGROUP\x01PG\x02"))
            .code
          == 0);
  REQUIRE(client
            .call(test::request(
              request_code::heart_beat, {},
              R"({"clientID":"c","producerDataSet":[{"groupName":"PG"}],)"
              R"("consumerDataSet":[]})"))
            .code
          == 0);
  CHECK_FALSE(client.receive(1s));
  jump forwards{hour};
  auto asked = client.receive(soon);
  REQUIRE(asked);
  CHECK(asked->code
        == static_cast<std::int32_t>(request_code::check_transaction_state));
}

TEST_CASE(
  "clock: what fell due while the node was away, and what a wrong clock "
  "says, after a restart") {
  test::scratch home;
  {
    test::node node{options_in(home / "data")};
    test::client client{node.broker_port()};
    send(client, "delayed",
         "DELAY\x01"
         "2\x02");
    send(client, "timed", timed_in(50min));
    send(client, "later", timed_in(90min));
  }
  jump forwards{hour};
  test::node node{options_in(home / "data")};
  test::client client{node.broker_port()};
  CHECK(test::eventually([&] { return found(client).size() == 2; }));
  std::this_thread::sleep_for(1s);
  CHECK(found(client).size() == 2);
}
