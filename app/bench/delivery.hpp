/// Load that sends and consumes: how long a message takes from when it was due
/// to be sent until consumers that wait for it have it.
#pragma once

#include "app/bench/load.hpp"

namespace troupe::app {

/// Sends for `seconds` over `options.connections`; each of `options.groups`
/// waits at all queues over a connection of its own. Blocks.
/// @param at  host:port
/// @errors io_failed
caf::expected<load_result> run_delivery(const bench_options& options,
                                        const std::string& at, double seconds);

} // namespace troupe::app
