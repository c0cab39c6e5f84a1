/// zlib streams in bodies: a broker's compressed registration.
#pragma once

#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <string>
#include <string_view>

namespace troupe::remoting {

/// The text of a zlib stream; bounded, so that a small body cannot fill memory.
/// @errors malformed_request
caf::expected<std::string> inflate(std::string_view stream);

} // namespace troupe::remoting
