/// The one place where troupe's errors become RocketMQ's response codes.
#pragma once

#include "troupe/errc.hpp"
#include "troupe/remoting/response_code.hpp"

#include <string>

namespace troupe::remoting {

/// The response code for `code`.
response_code response_code_of(errc code);

/// The response code for `error`; SYSTEM_ERROR for errors that are not ours,
/// SYSTEM_BUSY for an actor that did not answer in time.
response_code response_code_of(const caf::error& error);

/// The remark for `error`: what happened and what to do next.
std::string refusal_of(const caf::error& error);

} // namespace troupe::remoting
