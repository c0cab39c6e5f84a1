/// Where a frame ends. Pure; knows nothing of headers.
/// Source: RocketMQ 5.3 NettyDecoder, RemotingCommand; sheet remoting 1.2.
#pragma once

#include "troupe/remoting/command.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::remoting {

enum class frame_state : std::uint8_t {
  complete,
  incomplete,
  malformed
};

/// What the first bytes of a connection's unread bytes say.
struct frame_bounds {
  frame_state state = frame_state::incomplete;
  std::size_t size = 0; ///< of the whole frame; 0 while it is not known
  const char* why = ""; ///< when malformed, one line for a person
};

/// Byte layout: 4 length (of what follows), 1 encoding, 3 header length,
/// header, body.
frame_bounds find_frame(std::string_view bytes);

/// A frame of its own from the header of one whose body has not come yet, with
/// a spare byte behind it as a decoder wants; empty when the header is not
/// whole.
std::string head_of(std::string_view bytes);

/// A big-endian number at `at`; the caller has checked the length.
std::uint32_t read_u32(const char* at);

/// Bytes before the header: length, encoding and header length.
inline constexpr std::size_t frame_prefix_bytes = 8;

} // namespace troupe::remoting
