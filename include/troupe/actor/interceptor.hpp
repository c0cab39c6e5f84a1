/// What a gateway asks before it stores a message: a custom actor that
/// intercepts its topic. One batch at a time for each interceptor. The rows are
/// views: shares in each message's bytes would be counted by two threads.
#pragma once

#include "troupe/actor/commit_log.hpp"
#include "troupe/payload.hpp"
#include "troupe/units.hpp"

#include <caf/typed_actor.hpp>

#include "troupe/type_ids.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Messages for one queue as the log gets them when they pass: nothing is done
/// for one of them that was accepted as it came.
struct intercept_run {
  std::string_view topic;
  std::int32_t queue = 0;
  std::span<const append_row> rows;
};

/// Any other send request: a message that is not stored at once in its own
/// topic, or the many of a batch body.
struct intercept_row {
  std::string_view topic;
  std::string_view body;
  std::string_view properties;
  std::int32_t queue = 0;
  std::int32_t flag = 0;
  std::int32_t sys_flag = 0;
  epoch_ms born_time;
  bool batch = false;          ///< `body` holds many, see remoting::split_batch
  std::size_t runs_before = 0; ///< it came behind so many of the batch's runs
};

/// What becomes of one row.
enum class interception : std::uint8_t {
  accepted,
  changed, ///< body and properties are new
  rejected,
  failed, ///< the interceptor has failed at it or is not running
};

struct intercept_outcome {
  std::uint32_t row = 0; ///< its place among all rows, in the order they came
  interception what = interception::accepted;
  bool has_new_body = false;       ///< changed
  bool has_new_properties = false; ///< likewise
  payload body;                    ///< the new one, not compressed
  payload properties;              ///< the new ones
  std::string reason;              ///< rejected, failed
};

/// What was said of a batch.
struct intercept_done {
  std::uint64_t number = 0; ///< intercept_batch::number
  /// Of rows that were not accepted as they are, by row.
  std::vector<intercept_outcome> rows;
};

/// Whoever intercepts for its clients: a gateway.
using intercept_asker = caf::typed_actor<caf::reacts_to<intercept_done>>;

struct intercept_batch {
  std::uint64_t number = 0; ///< given by the gateway, told in the answer
  std::vector<intercept_row> rows;
  std::vector<intercept_run> runs;   ///< see intercept_row::runs_before
  std::shared_ptr<const void> owner; ///< keeps what all rows point to
  intercept_asker reply_to;
};

using interceptor_actor = caf::typed_actor<caf::reacts_to<intercept_batch>>;

/// What happens to a message whose interceptor cannot say.
enum class on_failure : std::uint8_t {
  reject, ///< the producer is told to try again (SYSTEM_BUSY)
  accept, ///< it is stored as it came
};

/// An interceptor as a gateway knows it.
struct interceptor_link {
  std::string name;                ///< of the custom actor
  std::vector<std::string> topics; ///< names or patterns with `*`
  interceptor_actor actor;
  std::int64_t deadline_ms = 0; ///< for one answer
  on_failure policy = on_failure::reject;
};

} // namespace troupe
