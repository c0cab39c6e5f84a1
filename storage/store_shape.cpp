#include "storage/store_shape.hpp"

#include "storage/consume_queue.hpp"
#include "storage/file.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace troupe::storage {

namespace {

caf::expected<std::vector<std::int64_t>>
starts_in(const std::string& directory) {
  std::vector<std::int64_t> starts;
  auto names = list_directory(directory);
  if (!names)
    return std::move(names.error());
  for (const auto& name : *names)
    if (auto start = start_of_name(name); start >= 0)
      starts.push_back(start);
  return starts;
}

/// 0 when the file cannot be read or was never written to.
std::int64_t size_if_written(const std::string& path) {
  auto opened = file::open(path, open_mode::read_only);
  if (!opened || (*opened)->next_data(0) < 0)
    return 0;
  auto size = (*opened)->size();
  return size ? *size : 0;
}

} // namespace

caf::expected<std::int64_t> segment_bytes_in(const std::string& directory) {
  auto found = starts_in(directory);
  if (!found)
    return std::move(found.error());
  const auto& starts = *found;
  if (starts.empty())
    return std::int64_t{0};
  if (starts.size() == 1)
    return size_if_written(directory + "/" + start_name(starts.front()));
  auto bytes = starts[1] - starts[0];
  for (std::size_t i = 1; i < starts.size(); ++i)
    bytes = std::min(bytes, starts[i] - starts[i - 1]);
  // One that is missing in between is for the log to report.
  for (auto start : starts)
    if ((start - starts[0]) % bytes != 0)
      return make_error(errc::corrupt_file, "the segments in " + directory
                                              + " do not lie one size apart; "
                                              + start_name(start)
                                              + " is not one of them");
  return bytes;
}

caf::expected<std::int64_t>
queue_file_rows_in(const std::string& data_directory, std::int64_t usual) {
  auto directory = data_directory + "/consumequeue";
  std::set<std::int64_t> sizes; // of files that stand alone
  auto topics = list_directory(directory);
  if (!topics)
    return std::move(topics.error());
  for (const auto& topic : *topics) {
    auto queues = list_directory(directory + "/" + topic);
    if (!queues)
      return std::move(queues.error());
    for (const auto& queue : *queues) {
      auto home = directory + "/" + topic + "/" + queue;
      auto found = starts_in(home);
      if (!found)
        return std::move(found.error());
      const auto& starts = *found;
      if (starts.size() > 1)
        return (starts[1] - starts[0]) / consume_row_bytes;
      if (starts.size() == 1)
        sizes.insert(size_if_written(home + "/" + start_name(starts.front())));
    }
  }
  // RocketMQ makes its files whole; ours grow.
  auto whole = sizes.empty() ? 0 : *sizes.rbegin();
  if (whole >= consume_row_bytes && whole % consume_row_bytes == 0
      && path_exists(data_directory + "/checkpoint"))
    return whole / consume_row_bytes;
  return std::max(usual, whole / consume_row_bytes);
}

} // namespace troupe::storage
