/// From an intercept batch to calls of a custom actor, and back.
#pragma once

#include "troupe/actor/interceptor.hpp"
#include "troupe/custom/performer.hpp"

#include <string_view>

namespace troupe {

struct judge_counts {
  std::int64_t judged = 0;   ///< messages
  std::int64_t rejected = 0; ///< requests
};

/// Asks `by` about every message of `batch`. The first one that is rejected, or
/// that the actor fails at, decides for all of a batch body.
intercept_done judge(custom::performer& by, const intercept_batch& batch,
                     judge_counts& counts);

/// Says of every message that it cannot be judged, because of `why`.
intercept_done refuse_to_judge(const intercept_batch& batch,
                               std::string_view why);

/// Bodies that a client has compressed with zlib. Source: RocketMQ 5.3
/// MessageSysFlag: bit 0; bits 8 to 10 say how, 0 (clients before 5) and 3.
constexpr bool is_zlib(std::int32_t sys_flag) {
  auto how = sys_flag >> 8 & 7;
  return (sys_flag & 1) != 0 && (how == 0 || how == 3);
}

} // namespace troupe
