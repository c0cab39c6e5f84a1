/// Load on one broker over many connections from one thread, and what came of
/// it.
#pragma once

#include "app/bench/bench_options.hpp"
#include "app/bench/histogram.hpp"

#include <map>
#include <string>
#include <string_view>

namespace troupe::app {

struct load_result {
  double seconds = 0;
  std::int64_t messages = 0; ///< acknowledged, pulled or delivered
  std::int64_t requests = 0;
  std::int64_t failures = 0;
  std::int64_t missing = 0; ///< acknowledged, but not delivered in time
  std::int64_t unsent = 0;  ///< were due at the end, but never begun
  std::map<std::int32_t, std::int64_t> failure_codes;
  std::string failure_remark; ///< one of them
  histogram latency; ///< nanoseconds: of requests, or of deliveries from when
                     ///< the message was due to be sent
  /// Of messages with a delay level or a moment of delivery, from when they
  /// were due to be delivered, ns.
  histogram stored_late;   ///< until the server put them into their topic
  histogram received_late; ///< until the consumer had them

  void fail(std::int32_t code, std::string_view header);
};

/// Loads for `seconds`, or until `options.messages` are through. Blocks.
/// @param at  host:port
/// @errors io_failed: nobody listens, or a connection broke
caf::expected<load_result> run_load(const bench_options& options,
                                    const std::string& at, double seconds);

} // namespace troupe::app
