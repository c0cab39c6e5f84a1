#include "custom_host/plugin_library.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>

#include <dlfcn.h>

namespace troupe {

namespace {

using library_ptr = std::unique_ptr<void, int (*)(void*)>;

caf::error refuse(const std::string& file, const std::string& why) {
  return make_error(errc::invalid_argument,
                    "plug-in " + file + " is refused: " + why);
}

std::string last_dl_error() {
  const auto* why = ::dlerror();
  return why == nullptr ? "unknown" : why;
}

bool is_name(const char* text) {
  std::string_view name{text == nullptr ? "" : text};
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
           || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

} // namespace

caf::expected<plugin_library> open_plugin(const std::string& file) {
  // With a slash, or the system's library path would be searched.
  auto path = file.find('/') == file.npos ? "./" + file : file;
  library_ptr library{::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL), ::dlclose};
  if (!library)
    return make_error(errc::io_failed, "plug-in " + file + " cannot be loaded: "
                                         + last_dl_error());
  auto* symbol = ::dlsym(library.get(), custom::plugin_entry_name);
  if (symbol == nullptr)
    return refuse(file, std::string{"it has no function "}
                          + custom::plugin_entry_name
                          + "; put TROUPE_PLUGIN(...) into one of its sources");
  auto entry = reinterpret_cast<const troupe_plugin* (*)()>(symbol);
  const auto* plugin = entry();
  if (plugin == nullptr)
    return refuse(file, "its entry function returns nothing");
  if (plugin->abi != custom::abi_version)
    return refuse(file, "it was built for plug-in ABI "
                          + std::to_string(plugin->abi) + ", this node has "
                          + std::to_string(custom::abi_version)
                          + "; build it again with this version's headers");
  if (std::string_view{plugin->toolchain} != custom::toolchain)
    return refuse(file, std::string{"it was built with "} + plugin->toolchain
                          + ", this node with " + custom::toolchain);
  plugin_library result{file, plugin->name, plugin->version, {}};
  for (std::uint32_t i = 0; i < plugin->count; ++i) {
    const auto& type = plugin->types[i];
    if (!is_name(type.name) || type.make == nullptr || type.destroy == nullptr)
      return refuse(file, "its type number " + std::to_string(i + 1)
                            + " has no legal name, maker or destroyer");
    result.types.push_back(type);
  }
  if (result.types.empty())
    return refuse(file, "it brings no type");
  static_cast<void>(library.release());
  return result;
}

caf::expected<std::string>
find_trusted(const std::string& file,
             const std::vector<std::string>& directories) {
  namespace fs = std::filesystem;
  if (directories.empty())
    return make_error(errc::not_supported,
                      "the node was started without --plugin-dir DIRECTORY: "
                      "only what lies in such a directory is loaded");
  std::error_code error;
  std::string all;
  auto is_name = file.find('/') == file.npos;
  auto exists = false;
  for (const auto& directory : directories) {
    all += (all.empty() ? "" : ", ") + directory;
    auto home = fs::canonical(directory, error);
    if (error)
      continue;
    auto real = fs::canonical(is_name ? home / file : fs::path{file}, error);
    if (error)
      continue;
    exists = true;
    if (real.parent_path() == home)
      return real.string();
  }
  if (exists)
    return make_error(errc::no_permission,
                      "plug-in " + file + " is refused: it does not lie in "
                        + all + ", where the node was told to look");
  return make_error(errc::io_failed,
                    "plug-in " + file + " cannot be loaded: there is no such "
                      + "file" + (is_name ? " in " + all : ""));
}

caf::expected<std::vector<std::string>>
list_plugins(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  std::filesystem::directory_iterator entries{directory, error};
  if (error)
    return make_error(errc::io_failed,
                      "plug-in directory " + directory
                        + " cannot be read: " + error.message());
  for (const auto& entry : entries)
    if (entry.path().extension() == ".so")
      files.push_back(entry.path().string());
  std::ranges::sort(files);
  return files;
}

} // namespace troupe
