#include "remoting/command_codec.hpp"

#include "remoting/command_view.hpp"
#include "remoting/frame.hpp"
#include "remoting/json_scan.hpp"
#include "remoting/json_text.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <vector>

namespace troupe::remoting {

namespace {

/// The parts of a header besides its fields.
struct header_parts {
  std::int32_t code;
  std::uint8_t language;
  std::int32_t version;
  std::int32_t opaque;
  std::int32_t flag;
  std::string_view remark;
};

void append_u16(std::string& out, std::uint32_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

void append_u32(std::string& out, std::uint32_t value) {
  append_u16(out, value >> 16);
  append_u16(out, value & 0xFFFF);
}

void put_u32(std::string& out, std::size_t at, std::uint32_t value) {
  for (int i = 0; i < 4; ++i)
    out[at + static_cast<std::size_t>(i)] =
      static_cast<char>(value >> (24 - 8 * i));
}

/// A number as text, without allocating.
class digits {
public:
  explicit digits(std::int64_t value) {
    auto result =
      std::to_chars(text_.data(), text_.data() + text_.size(), value);
    size_ = static_cast<std::size_t>(result.ptr - text_.data());
  }

  operator std::string_view() const { return {text_.data(), size_}; }

private:
  std::array<char, 24> text_;
  std::size_t size_;
};

void append_number(std::string& out, std::int64_t value) {
  out += digits{value};
}

/// Keys in the order in which Java writes them.
void append_json_header(std::string& out, const header_parts& parts,
                        std::span<const field_view> fields) {
  out += "{\"code\":";
  append_number(out, parts.code);
  if (!fields.empty()) {
    out += ",\"extFields\":{";
    bool first = true;
    for (const auto& [name, value] : fields) {
      if (!first)
        out += ',';
      first = false;
      append_json_string(out, name);
      out += ':';
      append_json_string(out, value);
    }
    out += '}';
  }
  out += ",\"flag\":";
  append_number(out, parts.flag);
  out += ",\"language\":\"";
  out += language_name(parts.language);
  out += "\",\"opaque\":";
  append_number(out, parts.opaque);
  if (!parts.remark.empty()) {
    out += ",\"remark\":";
    append_json_string(out, parts.remark);
  }
  out += ",\"serializeTypeCurrentRPC\":\"JSON\",\"version\":";
  append_number(out, parts.version);
  out += '}';
}

void append_binary_header(std::string& out, const header_parts& parts,
                          std::span<const field_view> fields) {
  append_u16(out, static_cast<std::uint32_t>(parts.code) & 0xFFFF);
  out += static_cast<char>(parts.language);
  append_u16(out, static_cast<std::uint32_t>(parts.version) & 0xFFFF);
  append_u32(out, static_cast<std::uint32_t>(parts.opaque));
  append_u32(out, static_cast<std::uint32_t>(parts.flag));
  append_u32(out, static_cast<std::uint32_t>(parts.remark.size()));
  out += parts.remark;
  auto block = out.size();
  append_u32(out, 0);
  for (const auto& [name, value] : fields) {
    if (name.empty())
      continue; // Java reads an empty name as null
    append_u16(out, static_cast<std::uint32_t>(name.size()));
    out += name;
    append_u32(out, static_cast<std::uint32_t>(value.size()));
    out += value;
  }
  put_u32(out, block, static_cast<std::uint32_t>(out.size() - block - 4));
}

/// Appends length, header length and header of a frame whose body of
/// `body_bytes` follows.
void append_head(std::string& out, header_encoding encoding,
                 const header_parts& parts, std::span<const field_view> fields,
                 std::size_t body_bytes) {
  auto start = out.size();
  out.append(frame_prefix_bytes, '\0');
  if (encoding == header_encoding::json)
    append_json_header(out, parts, fields);
  else
    append_binary_header(out, parts, fields);
  auto header_size = out.size() - start - frame_prefix_bytes;
  put_u32(out, start, static_cast<std::uint32_t>(4 + header_size + body_bytes));
  put_u32(out, start + 4,
          static_cast<std::uint32_t>(encoding) << 24
            | static_cast<std::uint32_t>(header_size));
}

char* put(char* at, std::string_view text) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

char* put(char* at, std::int64_t value) {
  constexpr std::ptrdiff_t digits_max = 20;
  return std::to_chars(at, at + digits_max, value).ptr;
}

/// Appends the frame [begin, end) of a JSON header, after its prefix is filled
/// in; a body of `body_bytes` follows.
void append_block(std::string& out, const char* begin, const char* end,
                  std::size_t body_bytes) {
  auto size = static_cast<std::size_t>(end - begin);
  auto start = out.size();
  out.append(begin, size);
  put_u32(out, start, static_cast<std::uint32_t>(size - 4 + body_bytes));
  put_u32(out, start + 4,
          static_cast<std::uint32_t>(size - frame_prefix_bytes));
}

/// The answer that nearly every send gets, put together at once: the same bytes
/// as append_head would give.
/// @returns false, and appends nothing, when a text needs more care
bool append_usual_send_response(std::string& out, std::int32_t opaque,
                                const send_result& result) {
  constexpr std::size_t constant_bytes = 256; // texts below and four numbers
  constexpr std::size_t id_bytes_max = 256;
  const auto& ids = result.message_id;
  const auto& key = result.transaction_id;
  const auto* key_end = key.data() + key.size();
  if (ids.size() > id_bytes_max || key.size() > id_bytes_max
      || find_special(key.data(), key_end) != key_end)
    return false;
  static_assert(protocol_version == 479 && protocol_language == 0);
  std::array<char, constant_bytes + 2 * id_bytes_max + 64> frame;
  auto* at = frame.data() + frame_prefix_bytes;
  at = put(at, R"({"code":0,"extFields":{"queueId":")");
  at = put(at, std::int64_t{result.queue});
  at = put(at, R"(","msgId":")");
  at = put(at, ids);
  at = put(at, R"(","TRACE_ON":"true","MSG_REGION":"DefaultRegion",)"
               R"("queueOffset":")");
  at = put(at, result.offset);
  if (!key.empty()) {
    at = put(at, R"(","transactionId":")");
    at = put(at, key);
  }
  at = put(at, R"("},"flag":1,"language":"JAVA","opaque":)");
  at = put(at, std::int64_t{opaque});
  at = put(at, R"(,"serializeTypeCurrentRPC":"JSON","version":479})");
  append_block(out, frame.data(), at, 0);
  return true;
}

/// The same for the answer to a pull, whose body of `body_bytes` follows.
bool append_usual_pull_response(std::string& out, std::int32_t opaque,
                                const pull_result& result,
                                std::size_t body_bytes) {
  constexpr std::size_t constant_bytes = 384; // texts below and five numbers
  constexpr std::size_t remark_bytes_max = 64;
  const auto& remark = result.remark;
  const auto* remark_end = remark.data() + remark.size();
  if (remark.empty() || remark.size() > remark_bytes_max
      || find_special(remark.data(), remark_end) != remark_end)
    return false;
  std::array<char, constant_bytes + remark_bytes_max> frame;
  auto* at = frame.data() + frame_prefix_bytes;
  at = put(at, R"({"code":)");
  at = put(at, static_cast<std::int64_t>(result.code));
  at = put(at, R"(,"extFields":{"suggestWhichBrokerId":"0",)"
               R"("nextBeginOffset":")");
  at = put(at, result.next);
  at = put(at, R"(","minOffset":")");
  at = put(at, result.min);
  at = put(at, R"(","maxOffset":")");
  at = put(at, result.max);
  at = put(at, R"(","topicSysFlag":"0","groupSysFlag":"0"},"flag":1,)"
               R"("language":"JAVA","opaque":)");
  at = put(at, std::int64_t{opaque});
  at = put(at, R"(,"remark":")");
  at = put(at, remark);
  at = put(at, R"(","serializeTypeCurrentRPC":"JSON","version":479})");
  append_block(out, frame.data(), at, body_bytes);
  return true;
}

header_parts response_parts(std::int32_t opaque, response_code code,
                            std::string_view remark) {
  return {static_cast<std::int32_t>(code),
          protocol_language,
          protocol_version,
          opaque,
          flag_response,
          remark};
}

} // namespace

void append_response(std::string& out, header_encoding encoding,
                     std::int32_t opaque, response_code code,
                     std::string_view remark,
                     std::span<const field_view> fields,
                     std::string_view body) {
  append_head(out, encoding, response_parts(opaque, code, remark), fields,
              body.size());
  out += body;
}

void append_send_response(std::string& out, header_encoding encoding,
                          std::int32_t opaque, const send_result& result) {
  if (encoding == header_encoding::json
      && append_usual_send_response(out, opaque, result))
    return;
  digits queue{result.queue};
  digits offset{result.offset};
  std::array<field_view, 6> fields{{{"queueId", queue},
                                    {"msgId", result.message_id},
                                    {"TRACE_ON", "true"},
                                    {"MSG_REGION", "DefaultRegion"},
                                    {"queueOffset", offset},
                                    {"transactionId", result.transaction_id}}};
  auto count = result.transaction_id.empty() ? 5u : 6u;
  append_head(out, encoding, response_parts(opaque, response_code::success, {}),
              std::span{fields}.first(count), 0);
}

void append_pull_response(std::string& out, header_encoding encoding,
                          std::int32_t opaque, const pull_result& result,
                          std::size_t body_bytes) {
  if (encoding == header_encoding::json
      && append_usual_pull_response(out, opaque, result, body_bytes))
    return;
  digits next{result.next};
  digits min{result.min};
  digits max{result.max};
  std::array<field_view, 6> fields{{{"suggestWhichBrokerId", "0"},
                                    {"nextBeginOffset", next},
                                    {"minOffset", min},
                                    {"maxOffset", max},
                                    {"topicSysFlag", "0"},
                                    {"groupSysFlag", "0"}}};
  append_head(out, encoding, response_parts(opaque, result.code, result.remark),
              fields, body_bytes);
}

void append_command(std::string& out, header_encoding encoding,
                    const command& command) {
  std::vector<field_view> fields{command.fields.begin(), command.fields.end()};
  append_head(out, encoding,
              {command.code, command.language, command.version, command.opaque,
               command.flag, command.remark},
              fields, command.body.size());
  out += command.body.view();
}

caf::expected<command> decode_command(std::string_view frame) {
  auto bounds = find_frame(frame);
  if (bounds.state != frame_state::complete)
    return make_error(errc::malformed_frame,
                      bounds.state == frame_state::malformed
                        ? bounds.why
                        : "the frame is not complete");
  std::string copy{frame.substr(0, bounds.size)};
  copy += '\0';
  command_view view;
  if (auto error = view.decode(copy.data(), bounds.size))
    return error;
  return view.to_command();
}

} // namespace troupe::remoting
