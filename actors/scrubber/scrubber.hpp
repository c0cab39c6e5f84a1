/// Spawns the scrubber; see troupe/actor/scrubber.hpp.
#pragma once

#include "reactor/quiet.hpp"

#include "troupe/actor/commit_log.hpp"
#include "troupe/actor/directory.hpp"
#include "troupe/actor/scrubber.hpp"
#include "troupe/limits.hpp"
#include "troupe/model/scrub_pace.hpp"

#include <caf/actor_system.hpp>

#include <string>

namespace troupe {

struct scrubber_options {
  std::string data_directory;
  std::int64_t file_rows = limits::consume_queue_file_rows;
  scrub_pace pace;
  commit_log_actor log;
  directory_actor directory_of_topics;
};

/// @pre  pace.bytes_per_second > 0
scrubber_actor spawn_scrubber(caf::actor_system& system, threading how,
                              scrubber_options options);

} // namespace troupe
