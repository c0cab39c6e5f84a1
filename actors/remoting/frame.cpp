#include "remoting/frame.hpp"

#include "troupe/limits.hpp"

namespace troupe::remoting {

std::uint32_t read_u32(const char* at) {
  const auto* p = reinterpret_cast<const unsigned char*>(at);
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16
         | std::uint32_t{p[2]} << 8 | std::uint32_t{p[3]};
}

frame_bounds find_frame(std::string_view bytes) {
  if (bytes.size() < 4)
    return {};
  std::size_t size = read_u32(bytes.data());
  size += 4; // the length does not count itself
  if (size > limits::frame_bytes_max)
    return {frame_state::malformed, size,
            "longer than 16 MiB, or not the remoting protocol"};
  if (size < frame_prefix_bytes)
    return {frame_state::malformed, size, "too short for a header length"};
  if (bytes.size() >= frame_prefix_bytes) {
    auto word = read_u32(bytes.data() + 4);
    if (word >> 24 > 1)
      return {frame_state::malformed, size, "unknown header encoding"};
    if ((word & 0xFFFFFF) > size - frame_prefix_bytes)
      return {frame_state::malformed, size,
              "the header is longer than its "
              "frame"};
  }
  if (bytes.size() < size)
    return {frame_state::incomplete, size, ""};
  return {frame_state::complete, size, ""};
}

std::string head_of(std::string_view bytes) {
  if (bytes.size() < frame_prefix_bytes)
    return {};
  std::size_t header = read_u32(bytes.data() + 4) & 0xFFFFFF;
  if (bytes.size() < frame_prefix_bytes + header)
    return {};
  std::string frame{bytes.substr(0, frame_prefix_bytes + header)};
  auto length = frame.size() - 4;
  for (std::size_t i = 0; i < 4; ++i)
    frame[i] = static_cast<char>(length >> (24 - 8 * i) & 0xFF);
  frame += '\0';
  return frame;
}

} // namespace troupe::remoting
