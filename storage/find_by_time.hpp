/// Finds the message of a queue that belongs to a time, by binary search over
/// the store times of its records. Waits for the disk.
#pragma once

#include "storage/commit_log.hpp"
#include "storage/consume_queue.hpp"

namespace troupe::storage {

/// Which end of a run of equal times, and what a time between two means.
enum class time_side : std::uint8_t {
  lower, ///< the first message stored at or after the time; the end if none
  upper, ///< the last message stored at or before it; the first if none
};

/// @param rows  a queue of the reader's own, opened for this search
/// @errors log_read_failed
caf::expected<queue_offset> find_by_time(consume_queue& rows,
                                         const log_reader& log, epoch_ms time,
                                         time_side side);

/// Store time of the message at `offset`; -1 when there is none.
/// @errors log_read_failed
caf::expected<epoch_ms>
store_time_at(consume_queue& rows, const log_reader& log, queue_offset offset);

} // namespace troupe::storage
