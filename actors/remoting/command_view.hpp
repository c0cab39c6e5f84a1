/// A command as views into its frame: what the gateway decodes for every
/// request without allocating. One object is used again and again.
/// Source: RocketMQ 5.3 RemotingSerializable, RocketMQSerializable; sheet
/// remoting 1.3-1.5, 1.8.
#pragma once

#include "remoting/json_header.hpp"

#include "troupe/errc.hpp"
#include "troupe/remoting/command.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::remoting {

class command_view {
public:
  using field = std::pair<std::string_view, std::string_view>;

  command_view() { fields_.reserve(32); }

  /// Decodes a complete frame in place: the views point into it, escapes of a
  /// JSON header are resolved where they stand, so it can be decoded only once.
  /// @param frame  find_frame called it complete; frame[size] is writable
  /// @errors malformed_frame
  caf::error decode(char* frame, std::size_t size);

  std::int32_t code() const { return code_; }

  std::uint8_t language() const { return language_; }

  std::int32_t version() const { return version_; }

  std::int32_t opaque() const { return opaque_; }

  std::int32_t flag() const { return flag_; }

  std::string_view remark() const { return remark_; }

  std::string_view body() const { return body_; }

  header_encoding encoding() const { return encoding_; }

  const std::vector<field>& fields() const { return fields_; }

  /// The value of a field; empty when absent. Of several the last one counts.
  std::string_view find(std::string_view name) const;

  /// The field as a number.
  /// @errors malformed_request, naming the field, when absent or no number
  caf::expected<std::int32_t> int32(std::string_view name) const;
  caf::expected<std::int64_t> int64(std::string_view name) const;

  /// The field, or `absent` when it is absent or no number.
  std::int32_t int32_or(std::string_view name, std::int32_t absent) const;
  std::int64_t int64_or(std::string_view name, std::int64_t absent) const;

  /// Only a `true` in any case is true.
  bool boolean_or(std::string_view name, bool absent) const;

  /// The same in owned form.
  command to_command() const;

private:
  friend class json_header_reader;

  caf::error decode_json(char* header, std::size_t size);
  bool decode_usual_json(char* header, std::size_t size);
  std::int32_t* number_called(std::string_view key);
  caf::error decode_binary(std::string_view header);

  std::int32_t code_ = 0;
  std::uint8_t language_ = 0;
  std::int32_t version_ = 0;
  std::int32_t opaque_ = 0;
  std::int32_t flag_ = 0;
  header_encoding encoding_ = header_encoding::json;
  std::string_view remark_;
  std::string_view body_;
  std::vector<field> fields_;
  json_header json_;
};

/// RocketMQ's code of a language name; 7 (OTHER) for unknown ones.
std::uint8_t language_code(std::string_view name);

/// RocketMQ's name of a language code.
std::string_view language_name(std::uint8_t code);

} // namespace troupe::remoting
