/// A remoting command in owned form: what one side of a connection says to the
/// other. The hot path reads commands as views instead (actors/remoting).
/// Source: RocketMQ 5.3 RemotingCommand; sheet remoting 1.2-1.5.
#pragma once

#include "troupe/payload.hpp"
#include "troupe/remoting/request_code.hpp"
#include "troupe/remoting/response_code.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::remoting {

/// How the header of a frame is written; the top byte of its second word.
enum class header_encoding : std::uint8_t {
  json = 0,
  binary = 1
};

/// Bits of `command::flag`.
inline constexpr std::int32_t flag_response = 1;
inline constexpr std::int32_t flag_oneway = 2;

/// The version we send: V5_3_3. Clients derive abilities from it.
inline constexpr std::int32_t protocol_version = 479;

/// The language we send: JAVA, the only one every client takes for a broker.
inline constexpr std::uint8_t protocol_language = 0;

/// Versions that decide behaviour. Sheet remoting 1.7.
inline constexpr std::int32_t version_3_4_9 = 121;
inline constexpr std::int32_t version_4_9_4 = 401;
inline constexpr std::int32_t version_5_0_0 = 413;

/// A request or a response.
struct command {
  std::int32_t code = 0; ///< request_code or response_code
  std::uint8_t language = protocol_language;
  std::int32_t version = protocol_version;
  std::int32_t opaque = 0;
  std::int32_t flag = 0;
  std::string remark; ///< empty means absent
  std::vector<std::pair<std::string, std::string>> fields; ///< extFields
  payload body;

  /// The value of a field; empty when absent. Of several the last one counts.
  std::string_view field(std::string_view name) const {
    std::string_view found;
    for (const auto& [key, value] : fields)
      if (key == name)
        found = value;
    return found;
  }
};

/// A request of our own.
inline command make_request(request_code code) {
  command result;
  result.code = static_cast<std::int32_t>(code);
  return result;
}

/// An answer without opaque; the gateway fills that in.
inline command make_response(response_code code, std::string remark = {}) {
  command result;
  result.code = static_cast<std::int32_t>(code);
  result.flag = flag_response;
  result.remark = std::move(remark);
  return result;
}

} // namespace troupe::remoting
