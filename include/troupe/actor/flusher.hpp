/// Makes files durable and prepares segments: the calls that wait for a disk.
/// Spawned by supervisor, detached. Sends nothing of its own accord. Blocks.
#pragma once

#include "troupe/actor/caller.hpp"
#include "troupe/fwd.hpp"
#include "troupe/units.hpp"

#include <caf/intrusive_ptr.hpp>

#include <string>
#include <vector>

namespace troupe {

/// fdatasync of each file; all of them must succeed.
struct sync_files {
  std::vector<storage::file_ptr> files;
};

struct files_synced {};

/// Creates and preallocates a segment of the commit log ahead of its use.
struct prepare_segment {
  std::string path;
  log_offset start;
  std::int64_t bytes = 0;
};

struct segment_prepared {
  caf::intrusive_ptr<storage::segment> segment;
};

/// Writes the checkpoint file after the rows' files have been synced.
struct write_checkpoint {
  std::vector<storage::file_ptr> files;
  log_offset rows_end; ///< rows of all records before it are in `files`
  bool clean = false;  ///< the node is ending in order
  bool others = false; ///< rows are in closed files, too
};

struct checkpoint_written {};

using flusher_actor = caf::typed_actor<
  // Errors: log_sync_failed.
  caf::replies_to<sync_files>::with<files_synced>,
  // Errors: disk_full, io_failed.
  caf::replies_to<prepare_segment>::with<segment_prepared>,
  // Errors: io_failed.
  caf::replies_to<write_checkpoint>::with<checkpoint_written>>;

} // namespace troupe
