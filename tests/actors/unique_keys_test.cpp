#include "troupe/model/unique_keys.hpp"

#include "support/catch.hpp"

#include <cstdlib>
#include <ctime>
#include <set>
#include <string>

using namespace troupe;

namespace {

constexpr std::int64_t day_ms = 86'400'000;

/// What a client in the time zone UTC reads out of a key as the time.
std::int64_t time_in(std::string_view key, std::int64_t month_begin) {
  return month_begin + std::stoll(std::string{key.substr(20, 8)}, nullptr, 16);
}

/// Runs in the time zone UTC.
class in_utc {
public:
  in_utc() {
    if (const auto* zone = std::getenv("TZ"))
      before_ = zone;
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }

  ~in_utc() {
    before_.empty() ? ::unsetenv("TZ") : ::setenv("TZ", before_.c_str(), 1);
    ::tzset();
  }

private:
  std::string before_;
};

} // namespace

TEST_CASE("a unique key has the shape that clients give it, and its time") {
  in_utc zone;
  constexpr std::int64_t march = 1'772'323'200'000; // 2026-03-01 UTC
  unique_keys keys;
  auto at = march + 3 * day_ms + 12345;
  std::string key{keys.next({at})};
  CHECK(key.size() == 32);
  CHECK(key.find_first_not_of("0123456789ABCDEF") == key.npos);
  CHECK(key.substr(0, 8) == "7F000001");
  CHECK(time_in(key, march) == at);

  auto first_of_april = march + 31 * day_ms;
  CHECK(time_in(keys.next({first_of_april - 1}), march) == first_of_april - 1);
  CHECK(time_in(keys.next({first_of_april}), first_of_april) == first_of_april);
  // A clock that is set back.
  CHECK(time_in(keys.next({at}), march) == at);
}

TEST_CASE("no key is given twice, whoever gives it") {
  unique_keys one;
  unique_keys other;
  std::set<std::string> seen;
  for (std::int64_t now = 1'772'323'200'000; now < 1'772'323'200'010; ++now)
    for (int i = 0; i < 2000; ++i) {
      CHECK(seen.emplace(one.next({now})).second);
      CHECK(seen.emplace(other.next({now})).second);
    }
}
