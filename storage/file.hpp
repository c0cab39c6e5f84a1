/// The only POSIX file calls of the store, each turned into an errc with the
/// file's name and errno's text. The calls go through a table that tests
/// replace to make any one of them fail.
#pragma once

#include "troupe/errc.hpp"
#include "troupe/fwd.hpp"

#include <caf/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace troupe::storage {

/// The system calls that can fail because of the disk.
struct file_calls {
  ssize_t (*pread)(int fd, void* to, size_t size, off_t at);
  ssize_t (*pwrite)(int fd, const void* from, size_t size, off_t at);
  int (*fdatasync)(int fd);
  int (*fallocate)(int fd, int mode, off_t at, off_t size);
  int (*fsync)(int fd); ///< of a directory
  int (*syncfs)(int fd);
  int (*mincore)(void* at, size_t size, unsigned char* states);
};

/// The table in use; the real calls unless a test has replaced it.
extern file_calls calls;

enum class open_mode : std::uint8_t {
  read_only,
  read_write,
  create
};

/// An open file. Reads and writes carry their place, so that several threads
/// may share it.
class file {
public:
  /// `create` makes the file when it is missing.
  /// @errors io_failed
  static caf::expected<file_ptr> open(std::string path, open_mode mode);

  ~file();

  file(const file&) = delete;
  file& operator=(const file&) = delete;

  const std::string& path() const { return path_; }

  int fd() const { return fd_; }

  /// Reads up to `size` bytes at `at`; fewer only at the end of the file.
  /// @errors log_read_failed
  caf::expected<std::size_t> read(std::int64_t at, char* to,
                                  std::size_t size) const;

  /// The same without reading ahead: the page cache gets no more than asked.
  caf::expected<std::size_t> read_without_ahead(std::int64_t at, char* to,
                                                std::size_t size) const;

  /// The same without waiting for the disk.
  /// @returns -1 when some of it is not in the page cache
  std::int64_t read_resident(std::int64_t at, char* to, std::size_t size) const;

  /// Takes what was read out of the page cache, where nobody else has it.
  void forget(std::int64_t at, std::int64_t size) const;

  /// Writes all of `bytes` at `at`.
  /// @errors disk_full (no space, quota), log_write_failed
  caf::error write(std::int64_t at, std::string_view bytes) const;

  /// Makes what was written durable. Blocks. A failure is final: the kernel may
  /// have dropped the bytes.
  /// @errors disk_full (no space, quota), log_sync_failed
  caf::error sync() const;

  /// Makes durable what was written to any file beside it, also to those that
  /// are closed. Blocks. Failures since this one was opened are reported.
  /// @errors disk_full (no space, quota), log_sync_failed
  caf::error sync_file_system() const;

  /// Reserves real blocks for the first `size` bytes, so that later writes do
  /// not run out of space. Where the file system cannot, only sets the size.
  /// @errors disk_full, io_failed
  caf::error allocate(std::int64_t size) const;

  /// First byte at or after `at` that was written; -1 when none was.
  std::int64_t next_data(std::int64_t at) const;

  /// First byte at or after `at` that was not written; the end at the latest.
  std::int64_t next_hole(std::int64_t at) const;

  /// @errors io_failed
  caf::expected<std::int64_t> size() const;
  caf::error truncate(std::int64_t size) const;

private:
  file(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::string path_;
  int fd_;
};

/// Creates a directory and those above it.
/// @errors io_failed
caf::error make_directories(const std::string& path);

/// Names in a directory, sorted; empty when there is none of that name. One
/// that cannot be read must never look as if it were empty.
/// @errors io_failed
caf::expected<std::vector<std::string>> list_directory(const std::string& path);

/// Makes new names in a directory durable.
/// @errors io_failed
caf::error sync_directory(const std::string& path);

/// Puts `bytes` in place of the file: never half of it.
/// @errors disk_full, io_failed
caf::error replace_file(const std::string& path, std::string_view bytes);

/// The whole of a small file.
/// @errors io_failed
caf::expected<std::string> read_file(const std::string& path);

bool path_exists(const std::string& path);

/// Removes a file; a missing one is fine.
/// @errors io_failed
caf::error remove_file(const std::string& path);

/// Removes a directory with all that is in it.
/// @errors io_failed
caf::error remove_tree(const std::string& path);

/// Holds a data directory for this process as long as the file lives.
/// @errors store_locked, io_failed
caf::expected<file_ptr> lock_directory(const std::string& path);

/// The name of a segment or consume queue file: its start, 20 digits.
std::string start_name(std::int64_t start);

/// The start in such a name; -1 when it is none.
std::int64_t start_of_name(std::string_view name);

} // namespace troupe::storage
