/// The setting `custom.NAME = TYPE key=value ...`: a custom actor to spawn.
#pragma once

#include "app/node/node_options.hpp"

#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <string>
#include <string_view>

namespace troupe::app {

/// Whether a key of the configuration means a custom actor.
bool is_custom_key(std::string_view key);

/// Adds the actor that `key` and `value` describe; one of the same name is
/// replaced. A value with blanks stands in double quotes: `text="a b"`.
/// @param where  for messages, such as `broker.conf:12` or `--custom`
/// @errors bad_config
caf::error add_custom(node_options& options, std::string_view key,
                      std::string_view value, const std::string& where);

} // namespace troupe::app
