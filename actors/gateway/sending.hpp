/// From a send request to rows of the round, and from the log's outcome to the
/// answer. Shared by the handlers of every request that stores messages.
#pragma once

#include "gateway/gateway_context.hpp"

#include <caf/expected.hpp>

#include <optional>

namespace troupe {

/// A send request in the order of SendMessageRequestHeader; shares the frame's
/// bytes, so it can wait for a topic to be found.
struct send_request {
  caller from;
  payload producer_group;
  payload topic;
  payload default_topic;
  std::int32_t default_topic_queues = 4;
  std::int32_t queue = 0; ///< negative: any writable one
  std::int32_t sys_flag = 0;
  std::int64_t born_time = 0;
  std::int32_t flag = 0;
  payload properties;
  std::int32_t reconsume_times = 0;
  bool unit_mode = false;
  std::optional<std::int32_t> max_reconsume_times;
  bool batch = false;
  payload body;
  host born_host;
  host store_host;
  std::int32_t client_version = 0;
  std::size_t judged_by = 0; ///< it has passed those at places below
};

/// Bits of sysFlag that the broker itself looks at. Sheet remoting 5.7.
namespace sys_flag {
inline constexpr std::int32_t multi_tags = 2;
inline constexpr std::int32_t transaction_mask = 12;
} // namespace sys_flag

/// Reads the header of SEND_MESSAGE_V2 and SEND_BATCH_MESSAGE (one letter a
/// field) or of SEND_MESSAGE (`long_names`).
/// @errors malformed_request
caf::expected<send_request> read_send_request(const gateway_context& context,
                                              const request& asked);
caf::expected<send_request> read_send_request_v1(const gateway_context& context,
                                                 const request& asked);

/// Checks a send, finds its topic and puts its messages into the round.
void send(gateway_context& context, send_request message);

/// The rest of it, for one that was checked: an interceptor has let it pass as
/// it came.
void send_checked(gateway_context& context, send_request& message);

/// What the broker reads of a property text, found in one pass.
struct known_properties {
  text_span unique_key;
  text_span keys;
  std::string_view tags;
  std::string_view delay_level;
  ack_when ack = ack_when::durable;
  bool transaction = false;
  bool timer = false;
  bool pop_receipt = false;
};

known_properties read_properties(std::string_view text);

/// Puts a row that was made elsewhere (send-back, dead letter) into the round;
/// with `delay_level` > 0 by way of the schedule topic.
/// @param row    properties are the text to store for the real topic
/// @param answer_queue  named in the answer; none: `queue`
void send_row(gateway_context& context, std::string topic, queue_id queue,
              append_row row, std::int32_t delay_level,
              std::optional<queue_id> answer_queue = {});

/// Answers the requests whose messages are stored or failed.
void answer_appends(gateway_context& context, append_done& done);

} // namespace troupe
