/// A stored message on its way into the log once more: a committed transaction,
/// a timed message that is due.
#pragma once

#include "storage/record.hpp"

#include "troupe/actor/commit_log.hpp"

#include <string>
#include <string_view>

namespace troupe {

/// A row and where it goes.
struct placed_row {
  std::string topic;
  std::int32_t queue = 0;
  append_row row;
};

/// The message of `record` with `text` for its properties, which are complete.
/// Its transaction bits are cleared.
append_row row_again(const storage::record_view& record, std::string_view text);

/// Topic and queue that wait in the properties of `record`.
placed_row placed_as_real(const storage::record_view& record,
                          std::string_view text);

} // namespace troupe
