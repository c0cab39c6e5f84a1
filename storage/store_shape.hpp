/// The sizes with which the files of a data directory were made: they decide,
/// not the configuration, so that a store of RocketMQ is opened as it is.
#pragma once

#include "troupe/errc.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <string>

namespace troupe::storage {

/// Size of the segments in `directory` (<data>/commitlog): the least distance
/// between two of them, else the size of the only one.
/// @returns 0 when nothing was ever written
/// @errors corrupt_file: the names do not lie one size apart; io_failed
caf::expected<std::int64_t> segment_bytes_in(const std::string& directory);

/// Rows of a whole consume queue file, as a queue with two files tells it, else
/// the files of RocketMQ, which makes them whole. Looks into every queue.
/// @param usual  what it is when nothing contradicts
/// @errors io_failed
caf::expected<std::int64_t>
queue_file_rows_in(const std::string& data_directory, std::int64_t usual);

} // namespace troupe::storage
