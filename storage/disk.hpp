/// How full the partition of a directory is, how old a file is, and removing a
/// file for good. For actors that may block.
#pragma once

#include "troupe/errc.hpp"
#include "troupe/units.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <string>

namespace troupe::storage {

/// Bytes of the partition that holds a directory.
struct disk_space {
  std::int64_t total = 0;
  std::int64_t free = 0; ///< for this user: without what root keeps back

  /// Used bytes in percent, rounded up as `df` and RocketMQ do.
  std::int64_t used_percent() const {
    return total > 0 ? (100 * (total - free) + total - 1) / total : 0;
  }
};

/// @errors io_failed
caf::expected<disk_space> space_of(const std::string& directory);

/// When the file was last written to.
/// @errors io_failed
caf::expected<epoch_ms> modified_at(const std::string& path);

/// Removes a file and makes that durable, so that after a crash no older one is
/// missing where a newer one is still there.
/// @errors io_failed
caf::error remove_durably(const std::string& path);

} // namespace troupe::storage
