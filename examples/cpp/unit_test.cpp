/// Tests a custom actor without a node: the test kit calls it as a node would,
/// its clock is moved by hand, so that pauses of seconds take no time.
///     unit_test
#include "../plugins/word_count.cpp"

#include <troupe/test_kit.hpp>

#include <chrono>
#include <iostream>

namespace {

int failures = 0;

void check(const char* what, bool good) {
  std::cout << (good ? "ok " : "FAILED ") << what << std::endl;
  failures += good ? 0 : 1;
}

custom::outgoing line(std::string body) {
  custom::outgoing x;
  x.topic = "lines";
  x.body = std::move(body);
  return x;
}

} // namespace

int main() {
  using namespace std::chrono_literals;
  auto type = custom::type<word_count>("word_count", "from=TOPIC to=TOPIC");
  custom::test_kit kit{type, {{"from", "lines"}, {"to", "counts"}}};
  kit.publish(line("to be"));
  kit.publish(line("To"));
  check("each word is told with its count",
        kit.sent("counts").size() == 3 && kit.sent("counts")[2].body == "to 2");
  kit.crash(); // what was committed is there again
  check("counts outlive a crash", kit.state().at("to") == "2");
  kit.publish(line(std::string("bad\0line", 8)));
  kit.publish(line("be"));
  check("after an exception it pauses", kit.state().at("be") == "1");
  kit.advance(10s);
  check("then goes on behind what it cannot take",
        kit.state().at("be") == "2" && kit.parked().size() == 1);
  custom::test_kit without{type, {{"from", "lines"}}};
  check("an argument that is missing is named",
        without.refused() == "argument `to` is missing: write to=VALUE");
  return failures == 0 ? 0 : 1;
}
