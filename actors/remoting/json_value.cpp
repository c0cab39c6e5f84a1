#include "remoting/json_value.hpp"

#include "remoting/json_text.hpp"

#include <rapidjson/error/en.h>

#include <charconv>
#include <vector>

namespace troupe::remoting {

namespace {

constexpr int json_depth_max = 64;

/// The end of the string that begins with the quote at `at`.
std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return text.size();
}

/// The end of the object that begins at `at`.
std::size_t object_end(std::string_view text, std::size_t at) {
  int depth = 0;
  while (at < text.size()) {
    if (text[at] == '"') {
      at = string_end(text, at);
      continue;
    }
    if (text[at] == '{')
      ++depth;
    if (text[at] == '}' && --depth == 0)
      return at + 1;
    ++at;
  }
  return text.size();
}

/// Whether objects and lists are nested deeper than any body needs.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    auto c = text[at];
    if (c == '"') {
      at = string_end(text, at);
      continue;
    }
    if ((c == '{' || c == '[') && ++depth > json_depth_max)
      return true;
    if (c == '}' || c == ']')
      --depth;
    ++at;
  }
  return false;
}

bool is_number_char(char c) {
  return (c >= '0' && c <= '9') || c == '-';
}

} // namespace

caf::expected<json_document> parse_json(std::string_view text) {
  // Parsing is iterative, but writing a value out again is not.
  if (is_too_deep(text))
    return make_error(errc::malformed_request,
                      "the body nests deeper than "
                        + std::to_string(json_depth_max) + " levels");
  json_document document;
  document.Parse<rapidjson::kParseIterativeFlag>(text.data(), text.size());
  if (document.HasParseError())
    return make_error(
      errc::malformed_request,
      "the body is no JSON: "
        + std::string{rapidjson::GetParseError_En(document.GetParseError())}
        + " At byte " + std::to_string(document.GetErrorOffset()));
  if (!document.IsObject())
    return make_error(errc::malformed_request, "the body is no JSON object");
  return document;
}

const json_node* member_of(const json_node& object, const char* name) {
  if (!object.IsObject())
    return nullptr;
  auto found = object.FindMember(name);
  if (found == object.MemberEnd() || found->value.IsNull())
    return nullptr;
  return &found->value;
}

std::string text_of(const json_node& object, const char* name,
                    std::string_view absent) {
  const auto* x = member_of(object, name);
  if (x == nullptr)
    return std::string{absent};
  if (x->IsString())
    return {x->GetString(), x->GetStringLength()};
  if (x->IsInt64())
    return std::to_string(x->GetInt64());
  if (x->IsBool())
    return x->GetBool() ? "true" : "false";
  return std::string{absent};
}

std::int64_t int64_of(const json_node& object, const char* name,
                      std::int64_t absent) {
  const auto* x = member_of(object, name);
  if (x == nullptr)
    return absent;
  if (x->IsInt64())
    return x->GetInt64();
  if (x->IsBool())
    return x->GetBool() ? 1 : 0;
  if (!x->IsString())
    return absent;
  std::string_view text{x->GetString(), x->GetStringLength()};
  auto value = absent;
  auto [end, code] =
    std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc{} && end == text.data() + text.size() ? value
                                                                 : absent;
}

std::int32_t int32_of(const json_node& object, const char* name,
                      std::int32_t absent) {
  auto value = int64_of(object, name, absent);
  auto narrow = static_cast<std::int32_t>(value);
  return narrow == value ? narrow : absent;
}

bool boolean_of(const json_node& object, const char* name, bool absent) {
  const auto* x = member_of(object, name);
  if (x == nullptr)
    return absent;
  if (x->IsBool())
    return x->GetBool();
  if (x->IsString())
    return std::string_view{x->GetString(), x->GetStringLength()} == "true";
  return x->IsInt64() ? x->GetInt64() != 0 : absent;
}

std::map<std::string, std::string> texts_of(const json_node& object,
                                            const char* name) {
  std::map<std::string, std::string> result;
  const auto* x = member_of(object, name);
  if (x == nullptr || !x->IsObject())
    return result;
  for (const auto& entry : x->GetObject())
    if (entry.value.IsString())
      result.emplace(entry.name.GetString(), entry.value.GetString());
  return result;
}

std::string with_quoted_keys(std::string_view text) {
  std::string result;
  result.reserve(text.size() + 16);
  std::vector<char> open; // kinds of the objects and lists around us
  bool key_place = false; // a key may come next
  for (std::size_t at = 0; at < text.size();) {
    auto c = text[at];
    if (c == '"') {
      auto end = string_end(text, at);
      result += text.substr(at, end - at);
      at = end;
      key_place = false;
      continue;
    }
    if (key_place && is_number_char(c)) {
      auto end = at;
      while (end < text.size() && is_number_char(text[end]))
        ++end;
      append_json_string(result, text.substr(at, end - at));
      at = end;
      key_place = false;
      continue;
    }
    if (key_place && c == '{') {
      auto end = object_end(text, at);
      append_json_string(result, text.substr(at, end - at));
      at = end;
      key_place = false;
      continue;
    }
    if (c == '{' || c == '[')
      open.push_back(c);
    if ((c == '}' || c == ']') && !open.empty())
      open.pop_back();
    if (c == '{')
      key_place = true;
    else if (c == ',')
      key_place = !open.empty() && open.back() == '{';
    else if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
      key_place = false;
    result += c;
    ++at;
  }
  return result;
}

} // namespace troupe::remoting
