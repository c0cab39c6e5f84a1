/// Reads JSON bodies tolerantly: a missing member is its default, numbers and
/// texts stand in for each other. Also fastjson's text with keys that are bare
/// numbers or whole objects, as foreign brokers send it. Sheet remoting 4.1.
#pragma once

#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <rapidjson/document.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace troupe::remoting {

using json_document = rapidjson::Document;
using json_node = rapidjson::Value;

/// Parses a body.
/// @errors malformed_request, with the place
caf::expected<json_document> parse_json(std::string_view text);

/// The member of an object; null when absent, null or of something else.
const json_node* member_of(const json_node& object, const char* name);

std::string text_of(const json_node& object, const char* name,
                    std::string_view absent = {});
std::int64_t int64_of(const json_node& object, const char* name,
                      std::int64_t absent = 0);
std::int32_t int32_of(const json_node& object, const char* name,
                      std::int32_t absent = 0);
bool boolean_of(const json_node& object, const char* name, bool absent = false);

/// An object of texts; empty when absent.
std::map<std::string, std::string> texts_of(const json_node& object,
                                            const char* name);

/// Standard JSON for fastjson's: `{0:"a"}` becomes `{"0":"a"}`, and a key that
/// is an object becomes a string that holds the object's text.
std::string with_quoted_keys(std::string_view text);

} // namespace troupe::remoting
