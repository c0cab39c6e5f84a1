/// Reads that may wait for the disk, so that a reader of old messages never
/// stalls the reactor.
/// Spawned by supervisor, detached. Sends nothing of its own accord. Blocks.
#pragma once

#include "troupe/actor/queue.hpp"

#include <functional>

namespace troupe {

/// Bytes of a file to bring into the page cache.
struct cold_range {
  storage::file_ptr file;
  std::int64_t offset = 0;
  std::int64_t bytes = 0;  ///< as far as the disk gives them
  std::int64_t needed = 0; ///< so many of them at least
};

struct warm_range {
  cold_range range;
};

struct range_warmed {
  std::int64_t bytes = 0; ///< from the first one on, without a gap
};

/// A read whose steps depend on each other, such as a search by time. The job
/// holds copies or shared handles of all it needs and touches no actor.
struct cold_records {
  std::function<caf::expected<std::vector<payload>>()> job;
};

struct cold_number {
  std::function<caf::expected<std::int64_t>()> job;
};

struct cold_number_found {
  std::int64_t value = 0;
};

using cold_reader_actor = caf::typed_actor<
  // Errors: log_read_failed: not even what is needed.
  caf::replies_to<warm_range>::with<range_warmed>,
  // Errors: the job's.
  caf::replies_to<cold_records>::with<record_bytes>,
  caf::replies_to<cold_number>::with<cold_number_found>>;

} // namespace troupe
