#include "storage/file.hpp"

#include "storage/open_files.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace troupe::storage {

file_calls calls{::pread, ::pwrite, ::fdatasync, ::fallocate,
                 ::fsync, ::syncfs, ::mincore};

namespace {

caf::error failed(errc code, std::string_view doing, std::string_view path) {
  auto why = errno;
  return make_error(code, std::string{doing} + " " + std::string{path} + ": "
                            + std::strerror(why));
}

/// No space and quota are the user's to mend; everything else is the disk's.
errc write_error() {
  return errno == ENOSPC || errno == EDQUOT ? errc::disk_full
                                            : errc::log_write_failed;
}

errc sync_error() {
  return write_error() == errc::disk_full ? errc::disk_full
                                          : errc::log_sync_failed;
}

} // namespace

caf::expected<file_ptr> file::open(std::string path, open_mode mode) {
  int flags = O_CLOEXEC;
  flags |= mode == open_mode::read_only ? O_RDONLY : O_RDWR;
  if (mode == open_mode::create)
    flags |= O_CREAT;
  int fd = ::open(path.c_str(), flags, 0644);
  if (fd < 0)
    return failed(errc::io_failed, "cannot open", path);
  open_files.fetch_add(1, std::memory_order_relaxed);
  return file_ptr{new file{std::move(path), fd}};
}

file::~file() {
  open_files.fetch_sub(1, std::memory_order_relaxed);
  ::close(fd_);
}

caf::expected<std::size_t> file::read(std::int64_t at, char* to,
                                      std::size_t size) const {
  std::size_t done = 0;
  while (done < size) {
    auto got = calls.pread(fd_, to + done, size - done,
                           at + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return failed(errc::log_read_failed, "cannot read", path_);
    if (got == 0)
      break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

caf::expected<std::size_t> file::read_without_ahead(std::int64_t at, char* to,
                                                    std::size_t size) const {
  ::posix_fadvise(fd_, 0, 0, POSIX_FADV_RANDOM);
  auto got = read(at, to, size);
  ::posix_fadvise(fd_, 0, 0, POSIX_FADV_NORMAL);
  return got;
}

std::int64_t file::read_resident(std::int64_t at, char* to,
                                 std::size_t size) const {
  iovec part{to, size};
  auto got = ::preadv2(fd_, &part, 1, at, RWF_NOWAIT);
  if (got >= 0)
    return got;
  if (errno != EOPNOTSUPP)
    return -1;
  // A file system without the flag keeps its files in memory (tmpfs).
  auto read_plainly = read(at, to, size);
  return read_plainly ? static_cast<std::int64_t>(*read_plainly) : -1;
}

caf::error file::write(std::int64_t at, std::string_view bytes) const {
  while (!bytes.empty()) {
    auto done = calls.pwrite(fd_, bytes.data(), bytes.size(), at);
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0)
      return failed(write_error(), "cannot write", path_);
    at += done;
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return caf::none;
}

void file::forget(std::int64_t at, std::int64_t size) const {
  ::posix_fadvise(fd_, at, size, POSIX_FADV_DONTNEED);
}

caf::error file::sync() const {
  return calls.fdatasync(fd_) == 0 ? caf::error{}
                                   : failed(sync_error(), "cannot sync", path_);
}

caf::error file::sync_file_system() const {
  return calls.syncfs(fd_) == 0
           ? caf::error{}
           : failed(sync_error(), "cannot sync the file system of", path_);
}

caf::error file::allocate(std::int64_t size) const {
  // Not posix_fallocate: where the file system cannot, that writes to every
  // block, a gigabyte of it.
  if (calls.fallocate(fd_, 0, 0, size) == 0)
    return caf::none;
  if (errno == EOPNOTSUPP || errno == ENOSYS)
    return truncate(size);
  auto code =
    errno == ENOSPC || errno == EDQUOT ? errc::disk_full : errc::io_failed;
  return failed(code, "cannot reserve space for", path_);
}

std::int64_t file::next_data(std::int64_t at) const {
  return ::lseek(fd_, at, SEEK_DATA);
}

std::int64_t file::next_hole(std::int64_t at) const {
  auto found = ::lseek(fd_, at, SEEK_HOLE);
  return found < 0 ? at : found;
}

caf::expected<std::int64_t> file::size() const {
  struct stat info {};

  if (::fstat(fd_, &info) != 0)
    return failed(errc::io_failed, "cannot look at", path_);
  return std::int64_t{info.st_size};
}

caf::error file::truncate(std::int64_t size) const {
  if (::ftruncate(fd_, size) != 0)
    return failed(errc::io_failed, "cannot set the size of", path_);
  return caf::none;
}

caf::error make_directories(const std::string& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code)
    return make_error(errc::io_failed, "cannot create directory " + path + ": "
                                         + code.message());
  return caf::none;
}

caf::expected<std::vector<std::string>>
list_directory(const std::string& path) {
  std::vector<std::string> names;
  std::error_code code;
  for (std::filesystem::directory_iterator i{path, code}, end;
       !code && i != end; i.increment(code))
    names.push_back(i->path().filename().string());
  if (code && code != std::errc::no_such_file_or_directory
      && code != std::errc::not_a_directory)
    return make_error(errc::io_failed, "cannot list the directory " + path
                                         + ": " + code.message());
  std::ranges::sort(names);
  return names;
}

caf::error sync_directory(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return failed(errc::io_failed, "cannot open directory", path);
  auto result = calls.fsync(fd);
  auto error = result == 0
                 ? caf::error{}
                 : failed(errc::io_failed, "cannot sync directory", path);
  ::close(fd);
  return error;
}

caf::error replace_file(const std::string& path, std::string_view bytes) {
  auto beside = path + ".new";
  {
    auto target = file::open(beside, open_mode::create);
    if (!target)
      return std::move(target.error());
    if (auto error = (*target)->truncate(0))
      return error;
    if (auto error = (*target)->write(0, bytes))
      return error;
    if (auto error = (*target)->sync())
      return error;
  }
  if (std::rename(beside.c_str(), path.c_str()) != 0)
    return failed(errc::io_failed, "cannot rename", beside);
  return sync_directory(std::filesystem::path{path}.parent_path().string());
}

caf::expected<std::string> read_file(const std::string& path) {
  auto source = file::open(path, open_mode::read_only);
  if (!source)
    return std::move(source.error());
  auto size = (*source)->size();
  if (!size)
    return std::move(size.error());
  std::string bytes(static_cast<std::size_t>(*size), '\0');
  auto got = (*source)->read(0, bytes.data(), bytes.size());
  if (!got)
    return std::move(got.error());
  bytes.resize(*got);
  return bytes;
}

bool path_exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

caf::error remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    return failed(errc::io_failed, "cannot remove", path);
  return caf::none;
}

caf::error remove_tree(const std::string& path) {
  std::error_code code;
  std::filesystem::remove_all(path, code);
  if (code)
    return make_error(errc::io_failed,
                      "cannot remove " + path + ": " + code.message());
  return caf::none;
}

caf::expected<file_ptr> lock_directory(const std::string& path) {
  auto result = file::open(path + "/lock", open_mode::create);
  if (!result)
    return result;

  // The way the JVM locks a file, so that both kinds of broker see each other.
  struct flock whole {};

  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  whole.l_len = 1;
  if (::fcntl((*result)->fd(), F_SETLK, &whole) != 0)
    return make_error(errc::store_locked,
                      "the data directory " + path
                        + " is in use by another node; stop that node or "
                          "choose another directory with --data");
  return result;
}

std::string start_name(std::int64_t start) {
  auto digits = std::to_string(start);
  return std::string(20 - std::min<std::size_t>(digits.size(), 20), '0')
         + digits;
}

std::int64_t start_of_name(std::string_view name) {
  std::int64_t start = -1;
  if (name.size() != 20)
    return -1;
  auto [end, code] =
    std::from_chars(name.data(), name.data() + name.size(), start);
  return code == std::errc{} && end == name.data() + name.size() ? start : -1;
}

} // namespace troupe::storage
