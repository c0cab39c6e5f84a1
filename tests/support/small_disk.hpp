/// A disk of some megabytes in memory, for tests that fill it.
#pragma once

#include "support/scratch.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>

#include <sys/mount.h>

namespace troupe::test {

class small_disk {
public:
  explicit small_disk(int megabytes) {
    auto options = "size=" + std::to_string(megabytes) + "m";
    mounted_ =
      ::mount("troupe-test", home_.path().c_str(), "tmpfs", 0, options.c_str())
      == 0;
    if (!mounted_)
      std::cerr << "SKIPPED: cannot mount a small disk: "
                << std::strerror(errno) << " (only root may)\n";
  }

  ~small_disk() {
    if (mounted_)
      ::umount2(home_.path().c_str(), MNT_DETACH);
  }

  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  bool is_there() const { return mounted_; }

  std::string operator/(const std::string& name) const { return home_ / name; }

  /// Fills all but `bytes` of it with a file of no use.
  void leave_free(std::int64_t bytes) {
    std::error_code code;
    auto space = std::filesystem::space(home_.path(), code);
    auto junk = static_cast<std::int64_t>(space.available) - bytes;
    std::ofstream file{home_ / "junk", std::ios::binary | std::ios::app};
    std::string block(4096, '#');
    for (; junk > 0 && file; junk -= 4096)
      file.write(block.data(), static_cast<std::streamsize>(block.size()));
    file.flush();
  }

  void make_room() { std::filesystem::remove(home_ / "junk"); }

private:
  scratch home_;
  bool mounted_ = false;
};

} // namespace troupe::test
