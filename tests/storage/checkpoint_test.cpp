#include "storage/checkpoint.hpp"

#include "support/catch.hpp"
#include "support/golden.hpp"
#include "support/scratch.hpp"

using namespace troupe;
using namespace troupe::storage;

TEST_CASE("the newest checkpoint counts, and a damaged one gives way") {
  test::scratch home;
  CHECK(read_checkpoint(home.path()).generation == 0);
  for (std::uint64_t generation = 1; generation <= 5; ++generation)
    REQUIRE_FALSE(write_checkpoint(
      home.path(),
      {{static_cast<std::int64_t>(generation) * 100}, generation, true, 30}));
  auto newest = read_checkpoint(home.path());
  CHECK(newest.generation == 5);
  CHECK(newest.derived_end == log_offset{500});
  CHECK(newest.clean);
  CHECK(newest.queue_file_rows == 30);
  auto path = home / "troupe.checkpoint";
  auto whole = test::read_file(path);
  // 5 is odd: its slot is the second. No flip may yield anything but 4 or 5.
  for (std::size_t bit = 0; bit < 40 * 8; ++bit) {
    auto bytes = whole;
    bytes[512 + bit / 8] =
      static_cast<char>(bytes[512 + bit / 8] ^ (1 << (bit % 8)));
    std::ofstream{path, std::ios::binary} << bytes;
    CAPTURE(bit);
    auto found = read_checkpoint(home.path());
    // The highest bit of a checksum is not kept: its flip changes nothing.
    CHECK((found.generation == 4 || found.derived_end == log_offset{500}));
  }
  std::ofstream{path, std::ios::binary} << std::string(544, 'x');
  CHECK(read_checkpoint(home.path()).generation == 0);
}
