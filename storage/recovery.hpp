/// Opens a data directory: verifies the log from the checkpoint on and derives
/// again what the crash may have taken.
#pragma once

#include "storage/checkpoint.hpp"
#include "storage/commit_log.hpp"
#include "storage/consume_queue.hpp"
#include "storage/key_index.hpp"

#include "troupe/model/delay_levels.hpp"

#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe::storage {

struct store_options {
  std::string directory;
  /// Sizes of a new store; those of an old one are taken from its files.
  std::int64_t segment_bytes = limits::segment_bytes;
  std::int64_t consume_queue_file_rows = limits::consume_queue_file_rows;
  delay_levels delays;
  /// Those that have a directory below consumequeue/: where one is missing,
  /// all rows are derived again.
  std::vector<std::string> topics;
  /// Gets every record that is verified, from `derived_from` on at the latest.
  commit_log::visitor more;
  log_offset derived_from{std::numeric_limits<std::int64_t>::max()};
};

/// An open store.
struct opened_store {
  file_ptr lock;
  std::unique_ptr<commit_log> log;
  std::unique_ptr<key_index> index;
  checkpoint last;
  std::int64_t segment_bytes = 0;
  std::int64_t consume_queue_file_rows = 0;
  recovered_log recovered;
  /// Topics met in the replayed part, with one more than their highest queue
  /// id: their settings may have been lost with the crash.
  std::map<std::string, std::int32_t> topics;
  bool rows_missing = false; ///< before the checkpoint; they were derived again
};

/// @errors store_locked, corrupt_file, io_failed, disk_full
caf::expected<opened_store> open_store(store_options options);

/// The same with the directory's lock, see lock_directory().
caf::expected<opened_store> open_locked_store(store_options options,
                                              file_ptr lock);

/// <data>/consumequeue/<topic>/<queue id>
std::string consume_queue_directory(const std::string& data_directory,
                                    std::string_view topic, queue_id queue);

/// Makes <data>/consumequeue/<topic> where it is missing: a topic that has
/// settings but not this has lost its rows.
/// @errors io_failed
caf::error make_topic_homes(const std::string& data_directory,
                            const std::vector<std::string>& topics);

/// The row of a record. Sheet storage 7.1.
consume_row row_of(const record_view& record, const delay_levels& delays);

/// Whether a record gets a row: prepared and rolled back ones do not.
bool has_row(const record_view& record);

} // namespace troupe::storage
