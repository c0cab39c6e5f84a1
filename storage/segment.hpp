/// One file of the commit log, mapped for reading as a whole. Shared by the
/// log, by readers on other threads and by answers that still wait for a slow
/// client; unmapped when the last of them lets go.
#pragma once

#include "storage/file.hpp"

#include "troupe/units.hpp"

#include <caf/intrusive_ptr.hpp>
#include <caf/ref_counted.hpp>

#include <string>

namespace troupe::storage {

class segment;

using segment_ptr = caf::intrusive_ptr<segment>;

class segment : public caf::ref_counted {
public:
  /// Opens an existing segment.
  /// @errors io_failed; corrupt_file when its size is not `bytes`
  static caf::expected<segment_ptr>
  open(const std::string& directory, log_offset start, std::int64_t bytes,
       open_mode mode = open_mode::read_write);

  /// Makes a segment with its blocks reserved, and its name durable. Blocks.
  /// @errors disk_full, io_failed
  static caf::expected<segment_ptr>
  create(const std::string& directory, log_offset start, std::int64_t bytes);

  ~segment() override;

  log_offset start() const { return start_; }

  log_offset end() const { return start_ + bytes_; }

  const file_ptr& backing() const { return file_; }

  /// The byte at `position`, which lies in [start, end).
  const char* data(log_offset position) const {
    return map_ + (position - start_);
  }

  /// How far from `position` on, at most to `upto`, the bytes are in the page
  /// cache without a gap. Looks at `look_bytes` at most.
  log_offset resident_until(log_offset position, log_offset upto) const;

  /// Whether all these bytes, as far as the segment goes, are in it.
  bool is_resident(log_offset position, std::int64_t bytes) const;

  /// More than a system call costs lies in looking at so many pages.
  static constexpr std::int64_t look_bytes = 256 << 10;

  /// Reads what is not in the page cache into it. Blocks. Without this a byte
  /// that the disk cannot give ends whoever looks at it.
  /// @errors log_read_failed
  caf::error load(log_offset position, std::int64_t bytes) const;

  /// Takes these bytes out of the memory of the process. They can be read as
  /// before.
  void unload(log_offset position, std::int64_t bytes) const;

private:
  segment(log_offset start, std::int64_t bytes, file_ptr file, const char* map);

  static caf::expected<segment_ptr> map(log_offset start, std::int64_t bytes,
                                        file_ptr file);

  log_offset start_;
  std::int64_t bytes_;
  file_ptr file_;
  const char* map_;
};

} // namespace troupe::storage
