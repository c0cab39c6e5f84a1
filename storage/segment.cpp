#include "storage/segment.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace troupe::storage {

segment::segment(log_offset start, std::int64_t bytes, file_ptr file,
                 const char* map)
  : start_(start),
    bytes_(bytes),
    file_(std::move(file)),
    map_(map) {}

segment::~segment() {
  ::munmap(const_cast<char*>(map_), static_cast<std::size_t>(bytes_));
}

caf::expected<segment_ptr> segment::map(log_offset start, std::int64_t bytes,
                                        file_ptr file) {
  auto* at = ::mmap(nullptr, static_cast<std::size_t>(bytes), PROT_READ,
                    MAP_SHARED, file->fd(), 0);
  if (at == MAP_FAILED)
    return make_error(errc::io_failed, "cannot map " + file->path() + ": "
                                         + std::strerror(errno));
  // Readers ask what is in memory before they touch it (is_resident), so a
  // fault needs no read-ahead: that would fill megabytes of the cache with the
  // part of the segment that is still empty, and hold up the reactor for it.
  ::madvise(at, static_cast<std::size_t>(bytes), MADV_RANDOM);
  return segment_ptr{
    new segment{start, bytes, std::move(file), static_cast<const char*>(at)},
    false};
}

caf::expected<segment_ptr> segment::open(const std::string& directory,
                                         log_offset start, std::int64_t bytes,
                                         open_mode mode) {
  auto file = file::open(directory + "/" + start_name(start.value), mode);
  if (!file)
    return std::move(file.error());
  auto size = (*file)->size();
  if (!size)
    return std::move(size.error());
  if (*size != bytes)
    return make_error(errc::corrupt_file,
                      "segment " + (*file)->path() + " has "
                        + std::to_string(*size) + " bytes, but segments of "
                        + std::to_string(bytes)
                        + " are configured; set mappedFileSizeCommitLog to the "
                          "size with which the store was made");
  return map(start, bytes, std::move(*file));
}

caf::expected<segment_ptr> segment::create(const std::string& directory,
                                           log_offset start,
                                           std::int64_t bytes) {
  auto path = directory + "/" + start_name(start.value);
  auto file = file::open(path, open_mode::create);
  if (!file)
    return std::move(file.error());
  auto error = (*file)->allocate(bytes);
  if (!error)
    error = (*file)->sync();
  if (!error)
    error = sync_directory(directory);
  if (error) {
    // A half-made segment would stop the next start.
    if (auto again = remove_file(path))
      return again;
    return error;
  }
  return map(start, bytes, std::move(*file));
}

caf::error segment::load(log_offset position, std::int64_t bytes) const {
  if (is_resident(position, bytes))
    return caf::none;
  std::vector<char> scratch(std::size_t{256} << 10);
  auto at = position - start_;
  for (auto end = std::min(at + bytes, bytes_); at < end;) {
    auto step = std::min(end - at, static_cast<std::int64_t>(scratch.size()));
    auto got = file_->read(at, scratch.data(), static_cast<std::size_t>(step));
    if (!got)
      return std::move(got.error());
    if (*got == 0)
      return make_error(errc::log_read_failed, file_->path()
                                                 + " was cut off at byte "
                                                 + std::to_string(at));
    at += static_cast<std::int64_t>(*got);
  }
  return caf::none;
}

void segment::unload(log_offset position, std::int64_t bytes) const {
  auto page = static_cast<std::int64_t>(::sysconf(_SC_PAGESIZE));
  auto first = (position - start_) / page * page;
  auto size = std::min((position - start_) + bytes, bytes_) - first;
  ::madvise(const_cast<char*>(map_) + first, static_cast<std::size_t>(size),
            MADV_DONTNEED);
}

bool segment::is_resident(log_offset position, std::int64_t bytes) const {
  for (auto end = std::min(position + bytes, this->end()); position < end;) {
    auto next = resident_until(position, end);
    if (next == position)
      return false;
    position = next;
  }
  return true;
}

log_offset segment::resident_until(log_offset position, log_offset upto) const {
  static const auto page = static_cast<std::int64_t>(::sysconf(_SC_PAGESIZE));
  constexpr std::int64_t page_min = 4096;
  std::array<unsigned char, look_bytes / page_min + 1> states{};
  auto first = (position - start_) / page * page;
  auto last = std::min({upto - start_, bytes_, first + look_bytes});
  if (calls.mincore(const_cast<char*>(map_) + first,
                    static_cast<std::size_t>(last - first), states.data())
      != 0)
    return start_ + last; // it cannot be told: read it the plain way
  auto at = first;
  for (std::size_t i = 0; at < last && (states[i] & 1) != 0; ++i)
    at += page;
  return std::max(position, start_ + std::min(at, last));
}

} // namespace troupe::storage
