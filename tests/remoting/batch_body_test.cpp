#include "remoting/bodies/batch_body.hpp"

#include "support/catch.hpp"

#include <string>

using namespace troupe;
using namespace troupe::remoting;

namespace {

void put(std::string& out, std::uint32_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i)
    out += static_cast<char>((value >> (8 * i)) & 0xff);
}

std::string element(std::uint32_t flag, std::string_view body,
                    std::string_view properties) {
  std::string out;
  auto size = 4 + 4 + 4 + 4 + 4 + body.size() + 2 + properties.size();
  put(out, static_cast<std::uint32_t>(size), 4);
  put(out, 0, 4);
  put(out, 0, 4);
  put(out, flag, 4);
  put(out, static_cast<std::uint32_t>(body.size()), 4);
  out += body;
  put(out, static_cast<std::uint32_t>(properties.size()), 2);
  out += properties;
  return out;
}

} // namespace

TEST_CASE("a batch is split into its messages") {
  auto body = element(7, "one", "k\001v\002") + element(0, "", "");
  auto parts = split_batch(body);
  REQUIRE(parts);
  REQUIRE(parts->size() == 2);
  CHECK((*parts)[0].flag == 7);
  CHECK((*parts)[0].body == "one");
  CHECK((*parts)[0].properties == "k\001v\002");
  CHECK((*parts)[1].body.empty());
}

TEST_CASE("a batch cut anywhere is refused") {
  auto whole = element(0, "body", "k\001v\002") + element(1, "second", "");
  auto first = element(0, "body", "k\001v\002").size();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    if (size == first)
      continue; // one whole message
    CAPTURE(size);
    auto parts = split_batch(std::string_view{whole}.substr(0, size));
    REQUIRE_FALSE(parts);
    CHECK(is(parts.error(), errc::illegal_message));
  }
}

TEST_CASE("lengths that point outside a batch are refused") {
  auto body = element(0, "body", "p");
  for (std::size_t at : {std::size_t{0}, std::size_t{16}}) {
    auto bad = body;
    bad[at] = '\x7f';
    CHECK_FALSE(split_batch(bad));
    bad[at] = '\xff';
    CHECK_FALSE(split_batch(bad));
  }
}
