/// Shared libraries with custom actors. The only file that opens them.
#pragma once

#include "troupe/custom/plugin.hpp"
#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <string>
#include <vector>

namespace troupe {

/// A library that stays loaded as long as the process lives: its objects may be
/// anywhere.
struct plugin_library {
  std::string file;
  std::string name;
  std::string version;
  std::vector<troupe_plugin_type> types;
};

/// Loads `file` and checks that it is a plug-in for this node.
/// @errors io_failed (no library), invalid_argument (no plug-in, or one that
///         was built for something else); one sentence each
caf::expected<plugin_library> open_plugin(const std::string& file);

/// The files in `directory` that end in `.so`, by name.
/// @errors io_failed
caf::expected<std::vector<std::string>>
list_plugins(const std::string& directory);

/// Where a file lies that is asked for by its name or path, if it lies directly
/// in one of `directories`; symbolic links are followed first.
/// @errors not_supported (there is no directory), io_failed (no such file),
///         no_permission (it lies elsewhere); one sentence each
caf::expected<std::string>
find_trusted(const std::string& file,
             const std::vector<std::string>& directories);

} // namespace troupe
