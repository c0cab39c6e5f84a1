#include "remoting/command_view.hpp"

#include "remoting/frame.hpp"

#include "troupe/limits.hpp"

#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace troupe::remoting {

namespace {

constexpr std::array<std::string_view, 14> languages{
  "JAVA",  "CPP",  "DOTNET", "PYTHON", "DELPHI", "ERLANG", "RUBY",
  "OTHER", "HTTP", "GO",     "PHP",    "OMS",    "RUST",   "NODE_JS"};

constexpr std::uint8_t language_other = 7;

template <class Number>
bool parse(std::string_view text, Number& value) {
  auto [end, code] =
    std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc{} && end == text.data() + text.size();
}

template <class Number>
caf::expected<Number> number_field(const command_view& command,
                                   std::string_view name) {
  auto text = command.find(name);
  Number value{};
  if (text.empty())
    return make_error(errc::malformed_request,
                      "field `" + std::string{name} + "` is missing");
  if (!parse(text, value))
    return make_error(errc::malformed_request, "field `" + std::string{name}
                                                 + "` is no number: `"
                                                 + std::string{text} + "`");
  return value;
}

} // namespace

/// Takes the events of the JSON reader. Depth 1 is the header's own object,
/// depth 2 extFields; anything deeper, and lists, are passed over.
class json_header_reader
  : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, json_header_reader> {
public:
  explicit json_header_reader(command_view& target) : target_(target) {}

  bool Default() { return true; }

  bool Null() { return value({}); }

  bool Bool(bool x) { return value(x ? "true" : "false"); }

  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return value({text, size});
  }

  bool String(const char* text, rapidjson::SizeType size, bool) {
    return value({text, size});
  }

  bool Key(const char* text, rapidjson::SizeType size, bool) {
    key_ = {text, size};
    return true;
  }

  bool StartObject() {
    ++depth_;
    if (depth_ == 2)
      in_fields_ = lists_ == 0 && key_ == "extFields";
    return depth_ <= depth_max;
  }

  bool EndObject(rapidjson::SizeType) {
    if (--depth_ == 1)
      in_fields_ = false;
    return true;
  }

  bool StartArray() {
    ++lists_;
    return lists_ + depth_ <= depth_max;
  }

  bool EndArray(rapidjson::SizeType) {
    --lists_;
    return true;
  }

private:
  static constexpr int depth_max = 16;

  bool value(std::string_view text) {
    if (lists_ > 0)
      return true;
    if (depth_ == 2 && in_fields_) {
      if (target_.fields_.size() >= limits::fields_max)
        return false;
      target_.fields_.emplace_back(key_, text);
      return true;
    }
    return depth_ != 1 || header_value(text);
  }

  bool header_value(std::string_view text) {
    if (auto* number = target_.number_called(key_))
      return parse(text, *number);
    if (key_ == "remark")
      target_.remark_ = text;
    else if (key_ == "language" && !parse(text, target_.language_))
      target_.language_ = language_code(text);
    return true;
  }

  command_view& target_;
  std::string_view key_;
  int depth_ = 0;
  int lists_ = 0;
  bool in_fields_ = false;
};

caf::error command_view::decode(char* frame, std::size_t size) {
  auto word = read_u32(frame + 4);
  auto header_size = std::size_t{word & 0xFFFFFF};
  auto* header = frame + frame_prefix_bytes;
  code_ = version_ = opaque_ = flag_ = 0;
  language_ = 0;
  remark_ = {};
  fields_.clear();
  encoding_ = word >> 24 == 0 ? header_encoding::json : header_encoding::binary;
  body_ = {header + header_size, size - frame_prefix_bytes - header_size};
  if (encoding_ == header_encoding::binary)
    return decode_binary({header, header_size});
  return decode_json(header, header_size);
}

/// What every client sends; false, and nothing is changed, for anything else.
bool command_view::decode_usual_json(char* header, std::size_t size) {
  auto good = json_.scan({header, size}, fields_);
  for (const auto& [key, value] : json_.entries())
    if (auto* number = number_called(key); good && number != nullptr)
      good = parse(value, *number);
  if (!good) {
    fields_.clear();
    return false;
  }
  json_.resolve(header, fields_);
  for (const auto& [key, value] : json_.entries())
    if (key == "remark")
      remark_ = value;
    else if (key == "language" && !parse(value, language_))
      language_ = language_code(value);
  return true;
}

/// Where the number of that name is kept; none for what is no number.
std::int32_t* command_view::number_called(std::string_view key) {
  if (key == "code")
    return &code_;
  if (key == "opaque")
    return &opaque_;
  if (key == "flag")
    return &flag_;
  return key == "version" ? &version_ : nullptr;
}

caf::error command_view::decode_json(char* header, std::size_t size) {
  if (decode_usual_json(header, size))
    return caf::none;
  // The reader wants an end mark; what stands there is put back.
  auto behind = header[size];
  header[size] = '\0';
  rapidjson::InsituStringStream stream{header};
  json_header_reader handler{*this};
  rapidjson::Reader reader;
  auto result =
    reader.Parse<rapidjson::kParseInsituFlag | rapidjson::kParseStopWhenDoneFlag
                 | rapidjson::kParseNumbersAsStringsFlag>(stream, handler);
  header[size] = behind;
  if (result.IsError())
    return make_error(errc::malformed_frame,
                      "the JSON header does not parse at byte "
                        + std::to_string(result.Offset()));
  return caf::none;
}

caf::error command_view::decode_binary(std::string_view header) {
  auto malformed = [](const char* what) {
    return make_error(errc::malformed_frame,
                      std::string{"the binary header ends within "} + what);
  };
  std::size_t at = 0;
  auto has = [&](std::size_t bytes) { return header.size() - at >= bytes; };
  auto u16 = [&] {
    auto high = static_cast<unsigned char>(header[at]);
    auto low = static_cast<unsigned char>(header[at + 1]);
    at += 2;
    return static_cast<std::uint16_t>(high << 8 | low);
  };
  auto u32 = [&] {
    at += 4;
    return read_u32(header.data() + at - 4);
  };
  if (!has(21))
    return malformed("its fixed part");
  code_ = static_cast<std::int16_t>(u16());
  language_ = static_cast<std::uint8_t>(header[at++]);
  version_ = static_cast<std::int16_t>(u16());
  opaque_ = static_cast<std::int32_t>(u32());
  flag_ = static_cast<std::int32_t>(u32());
  std::size_t remark_size = u32();
  if (!has(remark_size) || !has(remark_size + 4))
    return malformed("the remark");
  remark_ = header.substr(at, remark_size);
  at += remark_size;
  std::size_t block = u32();
  if (!has(block))
    return malformed("the fields");
  header = header.substr(0, at + block);
  while (at < header.size()) {
    if (!has(2))
      return malformed("a field's name");
    std::size_t name_size = u16();
    if (!has(name_size) || !has(name_size + 4))
      return malformed("a field's name");
    auto name = header.substr(at, name_size);
    at += name_size;
    std::size_t value_size = u32();
    if (!has(value_size))
      return malformed("a field's value");
    if (fields_.size() >= limits::fields_max)
      return make_error(errc::malformed_frame, "more than 256 fields");
    fields_.emplace_back(name, header.substr(at, value_size));
    at += value_size;
  }
  return caf::none;
}

std::string_view command_view::find(std::string_view name) const {
  for (auto i = fields_.rbegin(); i != fields_.rend(); ++i)
    if (i->first == name)
      return i->second;
  return {};
}

caf::expected<std::int32_t> command_view::int32(std::string_view name) const {
  return number_field<std::int32_t>(*this, name);
}

caf::expected<std::int64_t> command_view::int64(std::string_view name) const {
  return number_field<std::int64_t>(*this, name);
}

std::int32_t command_view::int32_or(std::string_view name,
                                    std::int32_t absent) const {
  auto value = absent;
  return parse(find(name), value) ? value : absent;
}

std::int64_t command_view::int64_or(std::string_view name,
                                    std::int64_t absent) const {
  auto value = absent;
  return parse(find(name), value) ? value : absent;
}

bool command_view::boolean_or(std::string_view name, bool absent) const {
  auto text = find(name);
  if (text.empty())
    return absent;
  constexpr std::string_view yes = "true";
  return std::ranges::equal(text, yes, [](char a, char b) {
    return (a | 0x20) == b; // ASCII letters only differ in this bit
  });
}

command command_view::to_command() const {
  command result;
  result.code = code_;
  result.language = language_;
  result.version = version_;
  result.opaque = opaque_;
  result.flag = flag_;
  result.remark = remark_;
  for (const auto& [name, value] : fields_)
    result.fields.emplace_back(name, value);
  result.body = payload::copy_of(body_);
  return result;
}

std::uint8_t language_code(std::string_view name) {
  auto found = std::ranges::find(languages, name);
  return found == languages.end()
           ? language_other
           : static_cast<std::uint8_t>(found - languages.begin());
}

std::string_view language_name(std::uint8_t code) {
  return code < languages.size() ? languages[code] : languages[language_other];
}

} // namespace troupe::remoting
