/// What becomes of a timed message: the row that waits, the one that is
/// delivered, the mark that takes it back. Bytes in, values out.
/// Source: RocketMQ 5.3 TimerMessageStore; sheet semantics 13.
#pragma once

#include "deadlines/placed_row.hpp"

#include "troupe/units.hpp"

#include <string>
#include <string_view>

namespace troupe {

/// The properties of a message that waits until `due` for its queue.
std::string timed_properties(std::string_view text, std::string_view topic,
                             queue_id queue, epoch_ms due);

/// Lets `what` wait until `due`, if its properties still say so `now`.
void wait_if_timed(placed_row& what, epoch_ms now, std::int64_t delay_max_ms);

/// The message for its real topic.
placed_row delivered_row(const storage::record_view& timed, epoch_ms now);

/// The mark that a timed message is not to be delivered.
placed_row recall_row(const storage::record_view& timed, epoch_ms now);

} // namespace troupe
