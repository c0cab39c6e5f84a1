/// Opens a data directory: verifies the log from the checkpoint on and derives
/// again what the crash may have taken.
#pragma once

#include "storage/checkpoint.hpp"
#include "storage/commit_log.hpp"
#include "storage/consume_queue.hpp"
#include "storage/key_index.hpp"

#include "troupe/model/delay_levels.hpp"

#include <memory>
#include <set>
#include <string>

namespace troupe::storage {

struct store_options {
  std::string directory;
  std::int64_t segment_bytes = limits::segment_bytes;
  std::int64_t consume_queue_file_rows = limits::consume_queue_file_rows;
  delay_levels delays;
};

/// An open store.
struct opened_store {
  file_ptr lock;
  std::unique_ptr<commit_log> log;
  std::unique_ptr<key_index> index;
  checkpoint last;
  recovered_log recovered;
  /// Topics met in the replayed part, with one more than their highest queue
  /// id: their settings may have been lost with the crash.
  std::map<std::string, std::int32_t> topics;
};

/// @errors store_locked, corrupt_file, io_failed, disk_full
caf::expected<opened_store> open_store(const store_options& options);

/// <data>/consumequeue/<topic>/<queue id>
std::string consume_queue_directory(const std::string& data_directory,
                                    std::string_view topic, queue_id queue);

/// The row of a record. Sheet storage 7.1.
consume_row row_of(const record_view& record, const delay_levels& delays);

/// Whether a record gets a row: prepared and rolled back ones do not.
bool has_row(const record_view& record);

} // namespace troupe::storage
