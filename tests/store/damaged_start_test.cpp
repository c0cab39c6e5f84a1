/// The program is started on a state with a flipped bit: it serves what was
/// stored, or it ends with a sentence. It never crashes and never answers
/// otherwise.
#include "support/bits.hpp"
#include "support/catch.hpp"
#include "support/node.hpp"
#include "support/program.hpp"
#include "support/scratch.hpp"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>

using namespace troupe;
using namespace troupe::remoting;

namespace {

namespace fs = std::filesystem;

constexpr int groups = 30;

command progress_of(int group) {
  return test::request(request_code::query_consumer_offset,
                       {{"consumerGroup", "G" + std::to_string(group)},
                        {"topic", "T"},
                        {"queueId", "0"}});
}

/// Topics, groups, progress and a timed message, on one page or more each.
void make_store(const std::string& data) {
  test::node node{data};
  test::client client{node.broker_port()};
  for (int i = 0; i < groups; ++i) {
    REQUIRE(client.call(test::send_of("T", 0, "body")).code == 0);
    REQUIRE(
      client.call(test::send_of("topic-" + std::to_string(i), 0, "x")).code
      == 0);
  }
  for (int i = 0; i < groups; ++i)
    REQUIRE(client
              .call(test::request(request_code::update_consumer_offset,
                                  {{"consumerGroup", "G" + std::to_string(i)},
                                   {"topic", "T"},
                                   {"queueId", "0"},
                                   {"commitOffset", std::to_string(i)}}))
              .code
            == 0);
  auto due = std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
               .count()
             + 3'600'000;
  for (int i = 0; i < 20; ++i)
    REQUIRE(client
              .call(test::send_of("T", 0, "later",
                                  "TIMER_DELIVER_MS\1" + std::to_string(due + i)
                                    + "\2"))
              .code
            == 0);
  node.stop();
}

test::program started_on(const std::string& data) {
  return test::program{{"node", "--data", data, "--broker-port", "0",
                        "--nameserver-port", "0", "--shell-port", "off"}};
}

std::uint16_t broker_port_in(const std::string& line) {
  auto at = line.find("broker=");
  REQUIRE(at != std::string::npos);
  return static_cast<std::uint16_t>(std::stoi(line.substr(at + 7)));
}

/// Every answer is what was stored.
void check_answers(std::uint16_t port) {
  test::client client{port};
  for (int i = 0; i < groups; ++i) {
    auto progress = client.call(progress_of(i));
    REQUIRE(progress.code == 0);
    REQUIRE(progress.field("offset") == std::to_string(i));
  }
  auto end = client.call(test::request(request_code::get_max_offset,
                                       {{"topic", "T"}, {"queueId", "0"}}));
  REQUIRE(end.code == 0);
  REQUIRE(end.field("offset") == std::to_string(groups));
  REQUIRE(client.call(test::pull_of("Look", "T", 0, 0)).code == 0);
  auto info =
    client.call(test::request(request_code::get_broker_runtime_info, {}));
  REQUIRE(info.code == 0);
}

/// Whether the row whose key size stands at `at` is one of its page, and not
/// what an older row has left in the free room before the first one.
bool is_row(const std::string& bytes, std::size_t at) {
  constexpr std::size_t page_bytes = 4096;
  constexpr std::size_t first_row_at = 14; // in the head of a page
  constexpr std::size_t key_size_at = 6;   // in the head of a row
  std::uint16_t first = 0;
  std::memcpy(&first, &bytes[at / page_bytes * page_bytes + first_row_at],
              sizeof first);
  return at % page_bytes >= first + key_size_at;
}

/// A few starts by default; TROUPE_STARTS=n makes n.
int starts() {
  const char* given = std::getenv("TROUPE_STARTS");
  return given != nullptr ? std::atoi(given) : 40;
}

} // namespace

TEST_CASE("a node on a damaged state serves it whole or says what to do") {
  auto seed = test::seed_of_run("damaged starts");
  CAPTURE(seed);
  std::mt19937 random{seed};
  test::scratch home;
  auto whole = home / "whole";
  make_store(whole);
  auto bits = fs::file_size(whole + "/state/data.mdb") * 8;
  int refused = 0;
  int served = 0;
  for (int i = 0; i < starts(); ++i) {
    auto data = home / std::to_string(i);
    fs::copy(whole, data, fs::copy_options::recursive);
    // The heads, the beginnings of pages, anywhere.
    auto bit = random() % bits;
    if (i % 4 == 0)
      bit = random() % 2 * 4096 * 8 + random() % (160 * 8);
    if (i % 4 == 1)
      bit = bit / (4096 * 8) * (4096 * 8) + random() % (64 * 8);
    CAPTURE(bit);
    test::flipped_bit flip{data + "/state/data.mdb", bit};
    auto node = started_on(data);
    if (node.await_line()) {
      ++served;
      check_answers(broker_port_in(node.output));
      node.send(SIGTERM);
      auto status = node.wait();
      INFO(node.errors);
      REQUIRE(status == 0);
    } else {
      ++refused;
      auto status = node.wait();
      INFO(node.errors);
      REQUIRE(status == 1);
      REQUIRE(node.errors.find("troupe store repair --data " + data)
              != std::string::npos);
      auto repaired = test::run({"store", "repair", "--data", data});
      INFO(repaired.output << repaired.errors);
      REQUIRE(repaired.status == 0);
      auto again = started_on(data);
      REQUIRE(again.await_line());
      again.send(SIGTERM);
      REQUIRE(again.wait() == 0);
    }
    fs::remove_all(data);
  }
  CHECK(served > 0);
  CHECK(refused > 0);
}

TEST_CASE("timers are derived again when their rows are damaged") {
  test::scratch home;
  auto data = home / "data";
  make_store(data);
  auto path = data + "/state/data.mdb";
  {
    std::fstream file{path, std::ios::in | std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    // The key of a timer: its size, 17, its kind, 3, and when it is due, in
    // this millennium.
    const std::string head{"\x11\0\3\0\0\1", 6};
    auto damaged = 0;
    for (auto at = bytes.find(head); at != bytes.npos;
         at = bytes.find(head, at + 1)) {
      if (!is_row(bytes, at))
        continue;
      auto& last = bytes[at + 2 + 16]; // of the id
      last = static_cast<char>(last ^ 1);
      ++damaged;
    }
    REQUIRE(damaged > 0);
    std::fstream out{path, std::ios::out | std::ios::binary};
    out << bytes;
  }
  auto node = started_on(data);
  auto started = node.await_line();
  INFO(node.errors);
  REQUIRE(started);
  check_answers(broker_port_in(node.output));
  node.send(SIGTERM);
  CHECK(node.wait() == 0);
  INFO(node.errors);
  CHECK(node.errors.find("derived from the log again") != std::string::npos);
  CHECK(node.errors.find("pending=20") != std::string::npos);
}
