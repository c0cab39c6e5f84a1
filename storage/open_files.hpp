/// How many files the store has open, and what waits for a sync when they are
/// too many to be kept open until then.
#pragma once

#include "troupe/errc.hpp"
#include "troupe/fwd.hpp"

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

namespace troupe::storage {

/// Of all threads.
inline std::atomic<std::size_t> open_files{0};

/// How many files the store should have open at most: half of the `descriptors`
/// that the process may have; more than 8,192 make nothing faster.
std::size_t open_files_wanted(std::size_t descriptors);

/// Whether the store has more files open than that. Those who keep some for
/// later close them then.
bool many_files_open();

/// Files that were written to since the last sync.
struct unsynced_files {
  std::vector<file_ptr> files;
  bool others = false; ///< more of them, which are closed already

  bool empty() const { return files.empty() && !others; }

  /// `written` stays open until its sync, unless too many files are.
  void add(const file_ptr& written);

  void add(unsynced_files more);
};

/// Makes all of `unsynced`, which lie below `directory`, durable: one by one
/// when they are few, else with one call for the file system. Blocks.
/// @errors disk_full, log_sync_failed
caf::error sync_all(const unsynced_files& unsynced, const file& directory);

/// The same. Who syncs again and again keeps the directory open instead: then
/// the kernel reports every failure since, whoever else has seen it.
/// @errors io_failed, disk_full, log_sync_failed
caf::error sync_all(const unsynced_files& unsynced,
                    const std::string& directory);

} // namespace troupe::storage
