/// Makes the store's file calls fail, one chosen call at a time.
#pragma once

#include "storage/file.hpp"

#include <cerrno>

namespace troupe::test {

/// Counts the calls of the store; call number `fail_at` fails with `error`, and
/// so do the `fail_count - 1` after it. A write that fails with ENOSPC first
/// writes half, as a full disk does. One at a time, one thread.
class file_faults {
public:
  file_faults() : real_(storage::calls) {
    active() = this;
    storage::calls = {pread, pwrite, fdatasync,    fallocate,
                      fsync, syncfs, real_.mincore};
  }

  ~file_faults() {
    storage::calls = real_;
    active() = nullptr;
  }

  file_faults(const file_faults&) = delete;
  file_faults& operator=(const file_faults&) = delete;

  int calls = 0;
  int fail_at = -1;
  int fail_count = 1;
  int error = EIO;

private:
  static file_faults*& active() {
    static file_faults* instance = nullptr;
    return instance;
  }

  bool fails() {
    auto index = calls++;
    if (fail_at < 0 || index < fail_at || index >= fail_at + fail_count)
      return false;
    errno = error;
    return true;
  }

  static ssize_t pread(int fd, void* to, size_t size, off_t at) {
    // Reading is not counted: what tests inject are faults of writing.
    return active()->real_.pread(fd, to, size, at);
  }

  static ssize_t pwrite(int fd, const void* from, size_t size, off_t at) {
    auto& self = *active();
    if (!self.fails())
      return self.real_.pwrite(fd, from, size, at);
    if (self.error == ENOSPC && size > 1) {
      // The rest of it, tried next, is what fails.
      self.fail_at = self.calls;
      return self.real_.pwrite(fd, from, size / 2, at);
    }
    return -1;
  }

  // Where nothing loses power the page cache is as good as a disk, and these
  // runs sync ten thousands of times.
  static int fdatasync(int) { return active()->fails() ? -1 : 0; }

  static int fsync(int) { return active()->fails() ? -1 : 0; }

  static int syncfs(int) { return active()->fails() ? -1 : 0; }

  static int fallocate(int fd, int mode, off_t at, off_t size) {
    return active()->fails() ? -1
                             : active()->real_.fallocate(fd, mode, at, size);
  }

  storage::file_calls real_;
};

} // namespace troupe::test
