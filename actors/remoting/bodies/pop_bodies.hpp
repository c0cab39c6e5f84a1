/// JSON bodies around pops: batches of acknowledgements, assignments, request
/// modes. Source: RocketMQ 5.3 protocol.body; sheet remoting 3.12.
#pragma once

#include "remoting/bodies/group_bodies.hpp"

#include "troupe/actor/pop.hpp"

#include <caf/expected.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::remoting {

/// BatchAckMessageRequestBody, one entry per lease.
/// @errors malformed_request
caf::expected<std::vector<ack_popped>> decode_batch_ack(std::string_view body);

/// QueryAssignmentRequestBody.
struct assignment_query {
  std::string topic;
  std::string group;
  std::string client_id;
  std::string strategy;
  bool broadcasting = false;
};

/// @errors malformed_request
caf::expected<assignment_query> decode_assignment_query(std::string_view body);

/// QueryAssignmentResponseBody; none: an empty document.
std::string
encode_assignment(const std::optional<std::vector<named_queue>>& queues,
                  bool pop);

/// SetMessageRequestModeRequestBody.
/// @errors malformed_request, invalid_argument
caf::expected<request_mode> decode_request_mode(std::string_view body);

/// MessageRequestModeManager: topic -> group -> mode.
std::string encode_request_modes(std::span<const request_mode> modes);

} // namespace troupe::remoting
