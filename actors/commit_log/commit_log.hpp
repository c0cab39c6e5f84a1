/// Spawns the commit log; see troupe/actor/commit_log.hpp.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/cold_reader.hpp"
#include "troupe/actor/commit_log.hpp"
#include "troupe/actor/flusher.hpp"
#include "troupe/actor/key_index.hpp"

#include <memory>
#include <string>

namespace troupe::storage {
class commit_log;
}

namespace troupe {

/// When an acknowledgement goes out.
enum class flush_mode : std::uint8_t {
  sync,  ///< when the disk has the message
  async, ///< when the kernel has it; the disk gets it within 500 ms
};

struct commit_log_actor_options {
  std::shared_ptr<storage::commit_log> log; ///< queues read it too
  flush_mode flush = flush_mode::sync;
  /// What the broker adds to the properties of clients' messages.
  std::string more_properties;
  flusher_actor flusher;
  cold_reader_actor cold_reader;
  key_index_actor index;
  epoch_ms (*clock)() = now_ms;
  log_offset derived_end; ///< of the checkpoint with which the log was opened
};

commit_log_actor spawn_commit_log(caf::actor_system& system, placement where,
                                  commit_log_actor_options options);

} // namespace troupe
