/// A node's configuration file: `key = value` lines with the names of the
/// command line, and those of Apache's broker.conf and namesrv.conf.
#pragma once

#include "app/node/node_options.hpp"

#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <string>
#include <string_view>

namespace troupe::app {

/// Sets one option.
/// @param where  for messages, such as `broker.conf:12` or `--flush`
/// @errors bad_config, naming the place, the value and what is allowed
caf::error set_option(node_options& options, std::string_view key,
                      std::string_view value, const std::string& where);

/// Applies every line of `text`. Keys that are not understood are warned of.
/// @errors bad_config
caf::error apply_config(node_options& options, std::string_view text,
                        const std::string& file);

/// Reads and applies a file.
/// @errors bad_config
caf::error apply_config_file(node_options& options, const std::string& file);

/// The names of one option.
struct option_names {
  std::string_view own;    ///< of the command line; empty: Apache's alone
  std::string_view apache; ///< in broker.conf or namesrv.conf; empty: none
};

/// The option that goes by this name, of either kind.
/// @errors bad_config: none does, or one of Apache's that has no meaning here;
///         says why, or which one may be meant
caf::expected<option_names> find_names(std::string_view key);

/// `text` without the blanks around it.
std::string_view trimmed(std::string_view text);

} // namespace troupe::app
