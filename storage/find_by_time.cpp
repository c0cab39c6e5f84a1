#include "storage/find_by_time.hpp"

namespace troupe::storage {

caf::expected<epoch_ms>
store_time_at(consume_queue& rows, const log_reader& log, queue_offset offset) {
  std::vector<consume_row> found;
  if (offset < rows.min() || offset >= rows.end())
    return epoch_ms{-1};
  if (auto error = rows.read_blocking(offset, 1, found))
    return error;
  if (found.empty() || found.front().size <= 0)
    return epoch_ms{-1};
  auto position = found.front().position;
  constexpr std::int64_t wanted_bytes = record_at::behind_store_time;
  auto where = log.find(position);
  if (!where || where->end() - position < wanted_bytes)
    return epoch_ms{-1}; // the row leads astray
  if (auto error = where->load(position, wanted_bytes))
    return error;
  return store_time_of(where->data(position));
}

caf::expected<queue_offset> find_by_time(consume_queue& rows,
                                         const log_reader& log, epoch_ms time,
                                         time_side side) {
  // Store times grow with offsets: find the first message past the wanted ones.
  auto low = rows.min();
  auto high = rows.end();
  while (low < high) {
    queue_offset middle{low.value + (high - low) / 2};
    auto stored = store_time_at(rows, log, middle);
    if (!stored)
      return std::move(stored.error());
    auto before = side == time_side::lower ? *stored < time : *stored <= time;
    if (before)
      low = middle + 1;
    else
      high = middle;
  }
  if (side == time_side::upper && low > rows.min())
    return low + -1;
  return low;
}

} // namespace troupe::storage
