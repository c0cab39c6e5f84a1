#include "storage/disk.hpp"

#include "storage/file.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <sys/stat.h>
#include <sys/statvfs.h>

namespace troupe::storage {

namespace {

caf::error cannot_look_at(const std::string& path) {
  return make_error(errc::io_failed,
                    "cannot look at " + path + ": " + std::strerror(errno));
}

} // namespace

caf::expected<disk_space> space_of(const std::string& directory) {
  struct statvfs info {};

  if (::statvfs(directory.c_str(), &info) != 0)
    return cannot_look_at(directory);
  auto block = static_cast<std::int64_t>(info.f_frsize);
  auto kept_back = static_cast<std::int64_t>(info.f_bfree - info.f_bavail);
  return disk_space{(static_cast<std::int64_t>(info.f_blocks) - kept_back)
                      * block,
                    static_cast<std::int64_t>(info.f_bavail) * block};
}

caf::expected<epoch_ms> modified_at(const std::string& path) {
  struct stat info {};

  if (::stat(path.c_str(), &info) != 0)
    return cannot_look_at(path);
  return epoch_ms{std::int64_t{info.st_mtim.tv_sec} * 1000
                  + info.st_mtim.tv_nsec / 1'000'000};
}

caf::error remove_durably(const std::string& path) {
  if (auto error = remove_file(path))
    return error;
  return sync_directory(std::filesystem::path{path}.parent_path().string());
}

} // namespace troupe::storage
