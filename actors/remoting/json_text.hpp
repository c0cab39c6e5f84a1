/// Writes compact JSON the way RocketMQ's readers want it: no white space, and
/// where fastjson does it, bare numbers or whole objects as keys.
/// Sheet remoting 4.1.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::remoting {

/// Appends `text` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

/// Builds one JSON document. Calls follow the document from left to right;
/// commas are put where they belong.
class json_text {
public:
  json_text& begin_object() { return open('{'); }

  json_text& end_object() { return close('}'); }

  json_text& begin_list() { return open('['); }

  json_text& end_list() { return close(']'); }

  json_text& key(std::string_view name) {
    comma();
    append_json_string(text_, name);
    return after_key();
  }

  /// A key that is not a string: `7` or `{"brokerName":...}`, taken as it is.
  json_text& raw_key(std::string_view name) {
    comma();
    text_ += name;
    return after_key();
  }

  json_text& string(std::string_view value) {
    comma();
    append_json_string(text_, value);
    return *this;
  }

  json_text& number(std::int64_t value) { return raw(std::to_string(value)); }

  json_text& boolean(bool value) { return raw(value ? "true" : "false"); }

  /// With a fraction always, as fastjson writes doubles.
  json_text& real(double value);

  /// JSON text taken as it is.
  json_text& raw(std::string_view json) {
    comma();
    text_ += json;
    return *this;
  }

  // A key and its value.
  json_text& field(std::string_view name, std::string_view value) {
    return key(name).string(value);
  }

  json_text& field(std::string_view name, const char* value) {
    return key(name).string(value);
  }

  json_text& field(std::string_view name, bool value) {
    return key(name).boolean(value);
  }

  // A bool takes the overload above: no template beats an exact match.
  template <std::integral Number>
  json_text& field(std::string_view name, Number value) {
    return key(name).number(static_cast<std::int64_t>(value));
  }

  const std::string& text() const { return text_; }

  std::string take() { return std::move(text_); }

private:
  json_text& open(char c) {
    comma();
    text_ += c;
    fresh_ = true;
    return *this;
  }

  json_text& close(char c) {
    text_ += c;
    fresh_ = false;
    return *this;
  }

  json_text& after_key() {
    text_ += ':';
    fresh_ = true;
    return *this;
  }

  void comma() {
    if (!fresh_)
      text_ += ',';
    fresh_ = false;
  }

  std::string text_;
  bool fresh_ = true; // nothing stands before the next value
};

} // namespace troupe::remoting
