/// Reads an LMDB environment in a child process: pages carry no checksum, and
/// what is damaged in them may end the reader. Not for a process with threads.
#pragma once

#include "storage/lmdb.hpp"

#include <string>
#include <vector>

namespace troupe::storage {

struct probed_state {
  bool exists = false;
  bool readable = false;            ///< the reader came to its end
  std::string why;                  ///< when not
  std::vector<row_change> rows;     ///< whole ones, as far as it came
  std::vector<std::string> damaged; ///< `table/key` of rows that do not hold
};

/// Reads all rows of the environment in `directory`; changes nothing.
probed_state probe_state(const std::string& directory);

/// A key for a person: what does not print is a blank.
std::string printable(std::string_view key);

} // namespace troupe::storage
