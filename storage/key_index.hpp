/// Finds messages by key: hash of `topic#key` -> log offsets. Derived from the
/// log. Entries are gathered in memory, written as sorted runs that are never
/// changed, and runs are merged so that there are few. Layout: README.md,
/// "Index run".
#pragma once

#include "storage/derived_backlog.hpp"
#include "storage/file.hpp"
#include "storage/record.hpp"

#include "troupe/limits.hpp"
#include "troupe/model/index_entry.hpp"
#include "troupe/units.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::storage {

/// The hash under which a key of a topic is found.
std::uint64_t index_hash(std::string_view topic, std::string_view key);

/// Reads a whole run: every block, and that they are in order.
/// @returns its entries
/// @errors corrupt_file, log_read_failed, io_failed
caf::expected<std::uint64_t> check_run(const std::string& directory,
                                       const std::string& name);

class key_index {
public:
  /// Opens the runs. A damaged one is put aside; what it covered is derived
  /// again from the log.
  /// @errors io_failed
  static caf::expected<std::unique_ptr<key_index>>
  open(const std::string& directory);

  /// Log offset up to which the runs on disk are complete.
  log_offset covered_end() const { return covered_; }

  /// Adds entries of records that end at or before `end`. Older ones than
  /// covered_end() are passed over.
  void add(std::vector<index_entry> entries, log_offset end);

  /// Adds the keys of one record, as recovery meets it.
  void add_record(const record_view& record);

  /// Entries that wait for a flush.
  std::size_t waiting() const { return recent_.size(); }

  /// Whether a flush is due because enough entries wait.
  bool is_full() const { return recent_.size() >= flush_at_; }

  /// Writes what waits as a run, and merges runs when there are many. Blocks.
  /// When it fails, what waits stays in memory.
  /// @errors disk_full, io_failed
  caf::error flush();

  /// Places of records whose key may be this one, newest first. Hashes may
  /// collide: the caller compares the text. Blocks.
  /// @errors log_read_failed, corrupt_file
  caf::expected<std::vector<log_offset>> find(std::uint64_t hash,
                                              epoch_ms begin, epoch_ms end,
                                              std::size_t count_max) const;

  /// Removes runs that lie wholly before `log_min`.
  caf::error trim(log_offset log_min);

private:
  friend caf::expected<std::uint64_t> check_run(const std::string& directory,
                                                const std::string& name);

  struct run {
    file_ptr source;
    log_offset begin;
    log_offset end;
    std::uint64_t entries = 0;
    int tier = 0;        ///< merged so often
    bool broken = false; ///< cannot be read: it is not merged
  };

  explicit key_index(std::string directory)
    : directory_(std::move(directory)) {}

  caf::expected<run> open_run(const std::string& name) const;
  caf::error take_run(const std::string& name);
  caf::error write_recent();
  caf::error merge();
  caf::error merge_last(std::size_t count);
  caf::error find_in_run(const run& source, std::uint64_t hash,
                         std::vector<index_entry>& found) const;

  std::string directory_;
  std::vector<run> runs_; // ascending, without gaps between them
  log_offset covered_;    // end of the last run
  std::vector<index_entry> recent_;
  log_offset recent_end_;
  std::size_t flush_at_ = limits::index_entries_in_memory_max; // entries
  backlog_share backlog_;
};

} // namespace troupe::storage
