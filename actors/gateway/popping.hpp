/// From a pop request to a question for pop, and from what it found to the
/// answer. Shared by POP_MESSAGE, PEEK_MESSAGE and NOTIFICATION; and what the
/// acknowledgements read. Sheets remoting 3.12, semantics 15.
#pragma once

#include "gateway/gateway_context.hpp"

#include <caf/expected.hpp>

#include <functional>

namespace troupe {

/// What a pop names, checked before pop is asked.
struct pop_request {
  caller from;
  pop_messages wish;
};

/// Checks broker, topic, group and queue, then hands the request to `then`.
void check_pop(gateway_context& context, pop_request asked,
               std::function<void(const pop_request&)> then);

/// The filter of a pop, by tags or SQL92; null for everything.
/// @errors bad_expression, filter_disabled
caf::expected<subscription_ptr> pop_filter_of(gateway_context& context,
                                              const pop_request& asked,
                                              std::string_view expression,
                                              std::string_view type);

/// Whether a request comes after its client has given up waiting for it.
bool is_late(epoch_ms born, std::int64_t poll_ms);

/// Until when a request may be held; 0: not at all.
epoch_ms hold_until(epoch_ms born, std::int64_t poll_ms);

/// Has a pop that waits for messages end with its connection.
void end_with_connection(gateway_context& context, const caller& from);

/// Answers with the header that POP_MESSAGE and PEEK_MESSAGE share.
void answer_pop(gateway_context& context, const pop_request& asked,
                const pop_result& result);

/// What ACK_MESSAGE and CHANGE_MESSAGE_INVISIBLETIME name.
struct receipt_request {
  caller from;
  lease_key lease;
  queue_offset offset;
  std::int32_t revive_queue = 0;
  pop_order order = pop_order::any;
};

/// @errors malformed_request, invalid_argument
caf::expected<receipt_request> read_receipt(const request& asked);

/// What offsets of a queue a receipt may name.
enum class receipt_bounds : std::uint8_t {
  up_to_max, ///< acknowledgements: min to max
  below_max, ///< changes: min to before max
};

/// Answers a receipt whose lease is not known: refused when its offset lies
/// outside the queue, else `fine` is called.
void answer_unknown_receipt(gateway_context& context,
                            const receipt_request& asked, receipt_bounds bounds,
                            std::function<void()> fine);

} // namespace troupe
