/// Texts as Java reads them.
#include "filter/java_number.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <limits>

using namespace troupe;

TEST_CASE("java_number: whole numbers have a sign and digits, nothing else") {
  CHECK(java_int("0") == 0);
  CHECK(java_int("+4") == 4);
  CHECK(java_int("-2147483648") == std::numeric_limits<std::int32_t>::min());
  CHECK_FALSE(java_int("2147483648"));
  CHECK(java_long("2147483648") == 2147483648);
  CHECK_FALSE(java_long("9223372036854775808"));
  for (const auto* bad :
       {"", "+", "-", "+-1", "-+1", "1.0", " 1", "1 ", "1L", "0x10", "one"}) {
    CAPTURE(bad);
    CHECK_FALSE(java_int(bad));
    CHECK_FALSE(java_long(bad));
  }
}

TEST_CASE("java_number: a double may have blanks, a suffix, a power of two") {
  CHECK(java_double("1") == 1.0);
  CHECK(java_double(" \t1.5\n") == 1.5);
  CHECK(java_double("1.") == 1.0);
  CHECK(java_double(".5") == 0.5);
  CHECK(java_double("-1e3") == -1000.0);
  CHECK(java_double("1e+3") == 1000.0);
  CHECK(java_double("1d") == 1.0);
  CHECK(java_double("1.5F") == 1.5);
  CHECK(java_double("0x1p3") == 8.0);
  CHECK(java_double("0X1.8P-1") == 0.75);
  CHECK(java_double("1e999") == std::numeric_limits<double>::infinity());
  CHECK(java_double("1e-999") == 0.0);
  CHECK(java_double("-Infinity") == -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(*java_double("NaN")));
  for (const auto* bad : {"", " ", "+", ".", "e1", "1e", "1 2", "0x10", "nan",
                          "inf", "infinity", "1dd", "d", "1p3", "--1", "0x"}) {
    CAPTURE(bad);
    CHECK_FALSE(java_double(bad));
  }
}

TEST_CASE("java_number: doubles have a total order") {
  auto nan = std::numeric_limits<double>::quiet_NaN();
  auto infinity = std::numeric_limits<double>::infinity();
  CHECK(java_compare(1, 2) < 0);
  CHECK(java_compare(2, 1) > 0);
  CHECK(java_compare(1, 1) == 0);
  CHECK(java_compare(-0.0, 0.0) < 0);
  CHECK(java_compare(nan, infinity) > 0);
  CHECK(java_compare(nan, -nan) == 0);
}
