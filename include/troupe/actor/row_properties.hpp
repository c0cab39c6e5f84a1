/// The properties of a message on its way into the log.
#pragma once

#include "troupe/actor/commit_log.hpp"
#include "troupe/model/hash.hpp"
#include "troupe/model/properties.hpp"

#include <string_view>

namespace troupe {

/// Where the value of `name` stands in `text`; empty when it does not.
inline text_span span_of_property(std::string_view text,
                                  std::string_view name) {
  auto value = properties::find(text, name);
  if (value.empty())
    return {};
  return {static_cast<std::uint16_t>(value.data() - text.data()),
          static_cast<std::uint16_t>(value.size())};
}

/// Gives a row a copy of `text`, and what is read of it: where the keys for the
/// index stand, and the code of its tags.
inline void set_properties(append_row& row, std::string_view text,
                           property_text how) {
  row.properties = payload::copy_of(text);
  row.text = how;
  auto kept = row.properties.view();
  row.unique_key = span_of_property(kept, properties::unique_key);
  row.keys = span_of_property(kept, properties::keys);
  row.tags_code = tags_code(properties::find(kept, properties::tags));
}

} // namespace troupe
