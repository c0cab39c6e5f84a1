/// Makes the disk below a running node fail: the store's calls on files of one
/// folder fail as long as they are told to. Any thread.
#pragma once

#include "storage/file.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <string>
#include <string_view>

#include <unistd.h>

namespace troupe::test {

class disk_faults {
public:
  /// @param folder  part of the paths that are concerned, as in `/commitlog/`
  explicit disk_faults(std::string folder)
    : real_(storage::calls),
      folder_(std::move(folder)) {
    active() = this;
    storage::calls = {real_.pread, pwrite,       fdatasync,    fallocate,
                      real_.fsync, real_.syncfs, real_.mincore};
  }

  /// After the node has ended.
  ~disk_faults() {
    storage::calls = real_;
    active() = nullptr;
  }

  disk_faults(const disk_faults&) = delete;
  disk_faults& operator=(const disk_faults&) = delete;

  // The errno that the calls fail with; 0: they work.
  std::atomic<int> write_error{0};
  std::atomic<int> sync_error{0};
  std::atomic<int> reserve_error{0};

  std::atomic<int> failed{0}; ///< how many calls did

private:
  static disk_faults*& active() {
    static disk_faults* instance = nullptr;
    return instance;
  }

  bool fails(int fd, const std::atomic<int>& error) {
    auto code = error.load();
    if (code == 0)
      return false;
    std::array<char, PATH_MAX> path{};
    auto link = "/proc/self/fd/" + std::to_string(fd);
    auto size = ::readlink(link.c_str(), path.data(), path.size());
    std::string_view name{path.data(), size > 0 ? std::size_t(size) : 0};
    if (name.find(folder_) == name.npos)
      return false;
    ++failed;
    errno = code;
    return true;
  }

  static ssize_t pwrite(int fd, const void* from, size_t size, off_t at) {
    auto& self = *active();
    return self.fails(fd, self.write_error)
             ? -1
             : self.real_.pwrite(fd, from, size, at);
  }

  static int fdatasync(int fd) {
    auto& self = *active();
    return self.fails(fd, self.sync_error) ? -1 : self.real_.fdatasync(fd);
  }

  static int fallocate(int fd, int mode, off_t at, off_t size) {
    auto& self = *active();
    return self.fails(fd, self.reserve_error)
             ? -1
             : self.real_.fallocate(fd, mode, at, size);
  }

  storage::file_calls real_;
  std::string folder_;
};

} // namespace troupe::test
