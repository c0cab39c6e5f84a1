/// The body of a batch send: messages one behind the other.
/// Source: RocketMQ 5.3 MessageDecoder.decodeMessages; sheet remoting 3.3.
#pragma once

#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::remoting {

/// One message of a batch; views into the body.
struct batch_element {
  std::int32_t flag = 0;
  std::string_view body;
  std::string_view properties;
};

/// Splits a batch. Each element: 4 total size, 4 magic, 4 CRC (both ignored),
/// 4 flag, 4 body length, body, 2 properties length, properties.
/// @errors illegal_message when an element does not fit
caf::expected<std::vector<batch_element>> split_batch(std::string_view body);

/// The batch that split_batch splits into `elements`; CRCs are 0.
std::string join_batch(const std::vector<batch_element>& elements);

} // namespace troupe::remoting
