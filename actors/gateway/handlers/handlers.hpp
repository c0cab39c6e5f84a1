/// THE list of what the ports serve: one line per request code, its function in
/// the file of the same name. `ls` of this folder is the list of abilities.
#pragma once

#include "gateway/gateway_context.hpp"

namespace troupe::handlers {

using handler = void (*)(gateway_context&, request&);

/// The handler of a request code at a port; null when it is not served there.
handler find_handler(service offers, std::int32_t code);

/// Why nobody serves a code that RocketMQ's tools know, and what to do instead;
/// empty for any other.
std::string_view why_unserved(std::int32_t code);

} // namespace troupe::handlers
