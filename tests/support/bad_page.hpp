/// A disk that does not give one page of a file: reading it fails with EIO, it
/// is never in the page cache, and whoever looks at it in a map that has it is
/// killed, as by SIGBUS.
#pragma once

#include "storage/file.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace troupe::test {

/// One at a time. Any thread may read; made and gone when none does.
class bad_page {
public:
  static constexpr std::int64_t bytes = 4096;

  /// @param at  where it begins in the file, a multiple of `bytes`
  bad_page(const std::string& path, std::int64_t at)
    : real_(storage::calls),
      path_(std::filesystem::canonical(path).string()),
      at_(at) {
    active() = this;
    storage::calls.pread = pread;
    storage::calls.mincore = mincore;
  }

  ~bad_page() {
    storage::calls = real_;
    protect(PROT_READ);
    active() = nullptr;
  }

  bad_page(const bad_page&) = delete;
  bad_page& operator=(const bad_page&) = delete;

private:
  static bad_page*& active() {
    static bad_page* instance = nullptr;
    return instance;
  }

  bool is_mine(int fd) const {
    std::array<char, PATH_MAX> path{};
    auto link = "/proc/self/fd/" + std::to_string(fd);
    auto size = ::readlink(link.c_str(), path.data(), path.size());
    return size > 0 && path_ == std::string(path.data(), std::size_t(size));
  }

  /// Where it is mapped.
  std::vector<char*> places() const {
    std::vector<char*> found;
    std::ifstream maps{"/proc/self/maps"};
    for (std::string line; std::getline(maps, line);) {
      std::istringstream words{line};
      std::uintptr_t begin = 0;
      std::uintptr_t end = 0;
      std::int64_t offset = 0;
      char dash = 0;
      std::string perms;
      std::string device;
      std::string inode;
      std::string path;
      words >> std::hex >> begin >> dash >> end >> perms >> offset >> device
        >> inode >> std::ws;
      std::getline(words, path);
      auto size = static_cast<std::int64_t>(end - begin);
      if (path == path_ && at_ >= offset && at_ < offset + size)
        found.push_back(reinterpret_cast<char*>(begin) + (at_ - offset));
    }
    return found;
  }

  void protect(int how) const {
    for (auto* x : places())
      ::mprotect(x, bytes, how);
  }

  static ssize_t pread(int fd, void* to, size_t size, off_t at) {
    const auto& self = *active();
    auto end = at + static_cast<off_t>(size);
    if (end <= self.at_ || at >= self.at_ + bytes || !self.is_mine(fd))
      return self.real_.pread(fd, to, size, at);
    if (at < self.at_)
      return self.real_.pread(fd, to, static_cast<size_t>(self.at_ - at), at);
    self.protect(PROT_NONE);
    errno = EIO;
    return -1;
  }

  static int mincore(void* at, size_t size, unsigned char* states) {
    const auto& self = *active();
    auto result = self.real_.mincore(at, size, states);
    auto* begin = static_cast<char*>(at);
    for (auto* x : self.places())
      if (result == 0 && x >= begin && x < begin + size)
        states[(x - begin) / bytes] = 0;
    return result;
  }

  storage::file_calls real_;
  std::string path_;
  std::int64_t at_;
};

} // namespace troupe::test
