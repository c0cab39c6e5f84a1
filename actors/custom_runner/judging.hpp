/// From a row of an intercept batch to calls of a custom actor, and back.
#pragma once

#include "troupe/actor/interceptor.hpp"
#include "troupe/custom/performer.hpp"

namespace troupe {

/// Asks `by` about every message of `row`. The first one that is rejected, or
/// that the actor fails at, decides for all of a batch.
/// @param outcome  default-constructed; stays so when all are accepted
/// @returns number of messages that were judged
std::int64_t judge(custom::performer& by, const intercept_row& row,
                   intercept_outcome& outcome);

/// Bodies that a client has compressed with zlib. Source: RocketMQ 5.3
/// MessageSysFlag: bit 0; bits 8 to 10 say how, 0 (clients before 5) and 3.
constexpr bool is_zlib(std::int32_t sys_flag) {
  auto how = sys_flag >> 8 & 7;
  return (sys_flag & 1) != 0 && (how == 0 || how == 3);
}

} // namespace troupe
