/// Settings and progress of an Apache RocketMQ 4.9 or 5.x store: read from its
/// config/*.json when a node has none of its own, and written back for the way
/// home. Source: RocketMQ 5.3 ConfigManager; sheet storage 12.
#pragma once

#include "storage/lmdb.hpp"

#include <caf/expected.hpp>

#include <string>
#include <vector>

namespace troupe {

/// What was read or written.
struct moved_settings {
  std::size_t topics = 0;
  std::size_t groups = 0;
  std::size_t offsets = 0;
  std::size_t delay_levels = 0;
  std::vector<std::string> notes; ///< what could not be, for a person
};

/// Puts what config/ says into an environment that holds no topic, group or
/// progress yet, with one commit. A file that is missing or does not parse
/// gives way to its `.bak`.
/// @errors state_corrupt, state_write_failed, disk_full
caf::expected<moved_settings>
take_over_settings(const std::string& data_directory, storage::lmdb& env);

/// Writes config/*.json as RocketMQ reads them.
/// @errors state_corrupt, io_failed, disk_full
caf::expected<moved_settings>
hand_back_settings(const std::string& data_directory, storage::lmdb& env);

/// Puts topics that the consume queues name into an environment that has lost
/// its own: as many queues as there are, readable and writable.
/// @returns their names
/// @errors state_write_failed, disk_full
caf::expected<std::vector<std::string>>
topics_from_queues(const std::string& data_directory, storage::lmdb& env);

/// Whether the environment holds no topic, group or progress.
/// @errors state_corrupt
caf::expected<bool> has_no_settings(storage::lmdb& env);

} // namespace troupe
