/// Takes back what was written but never synced, as a machine that loses power
/// does: each such write stays, goes, or stays up to some sector.
#pragma once

#include "storage/file.hpp"

#include <cerrno>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe::test {

/// Watches the store's file calls. From call number `stop_at` on every call
/// fails, as if the process had ended there. One at a time, one thread.
class power_loss {
public:
  power_loss() : real_(storage::calls) {
    active() = this;
    storage::calls = {real_.pread, pwrite, fdatasync,    fallocate,
                      fsync,       syncfs, real_.mincore};
  }

  ~power_loss() {
    storage::calls = real_;
    active() = nullptr;
  }

  power_loss(const power_loss&) = delete;
  power_loss& operator=(const power_loss&) = delete;

  int calls = 0;
  int stop_at = -1;

  /// The power goes. Files must be closed.
  void cut(std::mt19937& random) {
    for (auto& [inode, writes] : unsynced_)
      for (auto i = writes.rbegin(); i != writes.rend(); ++i)
        take_back(*i, random);
    unsynced_.clear();
  }

private:
  struct write {
    std::string path;
    off_t at = 0;
    std::string before; ///< what was there
  };

  static constexpr std::size_t sector = 512;

  static power_loss*& active() {
    static power_loss* instance = nullptr;
    return instance;
  }

  bool is_over() {
    auto over = stop_at >= 0 && calls >= stop_at;
    ++calls;
    if (over)
      errno = EIO;
    return over;
  }

  static ino_t inode_of(int fd) {
    struct stat info {};

    ::fstat(fd, &info);
    return info.st_ino;
  }

  static std::string path_of(int fd) {
    char path[4096];
    auto link = "/proc/self/fd/" + std::to_string(fd);
    auto size = ::readlink(link.c_str(), path, sizeof path);
    return size > 0 ? std::string{path, static_cast<std::size_t>(size)} : "";
  }

  static void take_back(const write& x, std::mt19937& random) {
    auto keep = std::size_t{0};
    switch (random() % 3) {
      case 0:
        return; // it had reached the disk by itself
      case 1:
        keep = random() % (x.before.size() / sector + 1) * sector;
        break;
      default:
        break;
    }
    int fd = ::open(x.path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
      return; // removed since
    auto rest = x.before.substr(std::min(keep, x.before.size()));
    auto done =
      ::pwrite(fd, rest.data(), rest.size(), x.at + static_cast<off_t>(keep));
    static_cast<void>(done);
    ::close(fd);
  }

  static ssize_t pwrite(int fd, const void* from, size_t size, off_t at) {
    auto& self = *active();
    if (self.is_over())
      return -1;
    write x{path_of(fd), at, std::string(size, '\0')};
    auto got = ::pread(fd, x.before.data(), size, at);
    static_cast<void>(got); // what was never written reads as zeros
    self.unsynced_[inode_of(fd)].push_back(std::move(x));
    return self.real_.pwrite(fd, from, size, at);
  }

  static int fdatasync(int fd) {
    auto& self = *active();
    if (self.is_over())
      return -1;
    self.unsynced_.erase(inode_of(fd));
    return 0;
  }

  static int fallocate(int fd, int mode, off_t at, off_t size) {
    auto& self = *active();
    return self.is_over() ? -1 : self.real_.fallocate(fd, mode, at, size);
  }

  static int fsync(int) { return active()->is_over() ? -1 : 0; }

  static int syncfs(int) {
    auto& self = *active();
    if (self.is_over())
      return -1;
    self.unsynced_.clear();
    return 0;
  }

  storage::file_calls real_;
  std::map<ino_t, std::vector<write>> unsynced_;
};

} // namespace troupe::test
