/// Whole records out of the log, as jobs of the cold reader.
#pragma once

#include "storage/commit_log.hpp"

#include "troupe/actor/commit_log.hpp"

#include <caf/expected.hpp>

#include <vector>

namespace troupe {

/// Copies of the records at `positions`, in that order. Errors:
/// message_not_found, log_read_failed, corrupt_record.
caf::expected<std::vector<payload>>
records_at(const storage::log_reader& reader,
           const std::vector<log_offset>& positions);

/// Copies of the records at `positions` that really have the topic and the key
/// of `wish`: hashes collide. What is gone or damaged is left out.
caf::expected<std::vector<payload>>
records_with_key(const storage::log_reader& reader,
                 const std::vector<log_offset>& positions,
                 const find_by_key& wish);

} // namespace troupe
