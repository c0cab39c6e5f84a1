/// Commands to frames. Answers are written straight into a connection's
/// out-buffer, in the encoding that was asked in.
/// Source: RocketMQ 5.3 RemotingCommand.encode; sheet remoting 1.2-1.4.
#pragma once

#include "troupe/errc.hpp"
#include "troupe/remoting/command.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::remoting {

/// A field of an answer.
using field_view = std::pair<std::string_view, std::string_view>;

/// Appends a whole response frame to `out`.
void append_response(std::string& out, header_encoding encoding,
                     std::int32_t opaque, response_code code,
                     std::string_view remark,
                     std::span<const field_view> fields, std::string_view body);

/// The answer to a send. Source: SendMessageResponseHeader.
struct send_result {
  std::string_view message_id; ///< joined by commas for a batch
  std::int32_t queue = 0;
  std::int64_t offset = 0;
  std::string_view transaction_id; ///< the unique key; empty means absent
};

void append_send_response(std::string& out, header_encoding encoding,
                          std::int32_t opaque, const send_result& result);

/// The answer to a pull. Source: PullMessageResponseHeader.
struct pull_result {
  response_code code = response_code::success;
  std::string_view remark;
  std::int64_t next = 0;
  std::int64_t min = 0;
  std::int64_t max = 0;
};

/// Appends the frame but for its body, of which `body_bytes` must follow.
void append_pull_response(std::string& out, header_encoding encoding,
                          std::int32_t opaque, const pull_result& result,
                          std::size_t body_bytes);

/// Appends a whole frame of a request or response in owned form.
void append_command(std::string& out, header_encoding encoding,
                    const command& command);

/// Decodes one whole frame into owned form. Not for the hot path.
/// @errors malformed_frame
caf::expected<command> decode_command(std::string_view frame);

} // namespace troupe::remoting
