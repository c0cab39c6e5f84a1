/// Bodies of the trace topic: what clients with trace on say they did with
/// messages. Records end with 0x02, their fields are separated by 0x01.
/// Source: RocketMQ 4.9 and 5.5 TraceDataEncoder.
#pragma once

#include "troupe/units.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace troupe::remoting {

enum class trace_kind : std::uint8_t {
  sent,      ///< Pub
  consuming, ///< SubBefore: handed to the listener
  consumed,  ///< SubAfter: the listener has returned
  settled,   ///< EndTransaction
  recalled   ///< Recall
};

/// One step of one message; views into the body. A client leaves out what it
/// does not know.
struct trace_step {
  trace_kind what = trace_kind::sent;
  epoch_ms time; ///< 0: not told
  std::string_view group;
  std::string_view id; ///< its unique key; of a batch: all, separated by `,`
  std::string_view keys;
  std::int64_t cost_ms = -1; ///< -1: not told
  bool succeeded = true;
  std::int32_t tries = 0;   ///< consuming: how often it was tried before
  std::string_view verdict; ///< settled: COMMIT_MESSAGE, ROLLBACK_MESSAGE,
                            ///< UNKNOW
  bool after_check = false; ///< settled: the broker had asked

  friend bool operator==(const trace_step&, const trace_step&) = default;
};

/// All steps of a body. Records of other kinds, and those that are cut off, are
/// passed over: newer clients may say more than we know.
std::vector<trace_step> read_trace(std::string_view body);

} // namespace troupe::remoting
