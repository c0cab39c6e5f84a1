/// Load on one broker over many connections from one thread, and what came of
/// it. Requests are made once and only patched, so that the load costs little
/// beside the server that it measures.
#pragma once

#include "app/bench/bench_options.hpp"
#include "app/bench/histogram.hpp"

#include <map>
#include <string>

namespace troupe::app {

struct load_result {
  double seconds = 0;
  std::int64_t messages = 0; ///< acknowledged, or pulled
  std::int64_t requests = 0;
  std::int64_t failures = 0;
  std::map<std::int32_t, std::int64_t> failure_codes;
  std::string failure_remark; ///< one of them
  histogram latency;          ///< of requests, nanoseconds
};

/// Makes the topics that the load uses; those that exist stay.
/// @param at  host:port
/// @errors io_failed, malformed_request
caf::error make_topics(const bench_options& options, const std::string& at);

/// Loads for `seconds`. Blocks.
/// @errors io_failed: nobody listens, or a connection broke
caf::expected<load_result> run_load(const bench_options& options,
                                    const std::string& at, double seconds);

} // namespace troupe::app
