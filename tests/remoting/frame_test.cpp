#include "remoting/frame.hpp"

#include "support/catch.hpp"

#include "troupe/limits.hpp"

#include <string>

using namespace troupe;
using namespace troupe::remoting;

namespace {

std::string u32(std::uint32_t value) {
  std::string bytes(4, '\0');
  for (int i = 0; i < 4; ++i)
    bytes[static_cast<std::size_t>(i)] =
      static_cast<char>((value >> (24 - 8 * i)) & 0xff);
  return bytes;
}

std::string frame_of(std::string_view header, std::string_view body) {
  auto size = static_cast<std::uint32_t>(4 + header.size() + body.size());
  std::string frame =
    u32(size) + u32(static_cast<std::uint32_t>(header.size()));
  frame += header;
  frame += body;
  return frame;
}

} // namespace

TEST_CASE("a frame is complete at its last byte and not before") {
  auto frame = frame_of("{\"code\":1}", "body");
  for (std::size_t size = 0; size < frame.size(); ++size) {
    auto bounds = find_frame(std::string_view{frame}.substr(0, size));
    CAPTURE(size);
    REQUIRE(bounds.state == frame_state::incomplete);
  }
  auto bounds = find_frame(frame + "next");
  CHECK(bounds.state == frame_state::complete);
  CHECK(bounds.size == frame.size());
}

TEST_CASE("a frame tells its size as soon as its length is known") {
  auto frame = frame_of("{}", std::string(1000, 'x'));
  CHECK(find_frame(std::string_view{frame}.substr(0, 4)).size == frame.size());
}

TEST_CASE("a frame of more than 16 MiB is malformed and says so") {
  auto bounds = find_frame(u32(16 * 1024 * 1024 + 1) + u32(2) + "{}");
  CHECK(bounds.state == frame_state::malformed);
  CHECK(std::string{bounds.why}.find("16") != std::string::npos);
}

TEST_CASE("a frame of exactly 16 MiB is taken") {
  auto body = std::string(16 * 1024 * 1024 - 8, 'x');
  auto frame =
    frame_of("{}", std::string_view{body}.substr(0, body.size() - 2));
  CHECK(find_frame(frame).state == frame_state::complete);
}

TEST_CASE("lengths that contradict each other are malformed") {
  SECTION("a length below the header's own word") {
    CHECK(find_frame(u32(3) + u32(0)).state == frame_state::malformed);
  }
  SECTION("a negative length") {
    CHECK(find_frame(u32(0xffffffff) + u32(0)).state == frame_state::malformed);
  }
  SECTION("a header longer than the frame") {
    CHECK(find_frame(u32(10) + u32(7) + "{}{}{}").state
          == frame_state::malformed);
  }
  SECTION("an encoding that nobody knows") {
    CHECK(find_frame(u32(6) + u32(0x07000002) + "{}").state
          == frame_state::malformed);
  }
}
