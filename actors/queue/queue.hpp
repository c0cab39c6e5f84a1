/// Spawns a queue; see troupe/actor/queue.hpp.
#pragma once

#include "reactor/pinned.hpp"

#include "troupe/actor/cold_reader.hpp"
#include "troupe/actor/queue.hpp"
#include "troupe/model/delay_levels.hpp"

#include <memory>
#include <string>

namespace troupe::storage {
class commit_log;
}

namespace troupe {

struct queue_options {
  std::string topic;
  queue_id queue;
  std::string directory; ///< of its consume queue
  std::string data_directory;
  delay_levels delays;
  std::int64_t file_rows = limits::consume_queue_file_rows;
  std::shared_ptr<const storage::commit_log> log; ///< read only
  commit_log_actor log_actor;
  cold_reader_actor cold_reader;
  epoch_ms (*clock)() = now_ms;
};

queue_actor spawn_queue(caf::actor_system& system, placement where,
                        queue_options options);

} // namespace troupe
