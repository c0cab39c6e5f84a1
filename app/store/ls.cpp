/// `troupe store ls`: topics and queues with their ranges.
#include "app/store/queue_ranges.hpp"
#include "app/store/verbs.hpp"
#include "storage/checkpoint.hpp"
#include "storage/recovery.hpp"
#include "storage/store_shape.hpp"

#include <algorithm>
#include <charconv>
#include <iomanip>
#include <limits>

namespace troupe::app {

caf::expected<storage::consume_queue> open_queue(const std::string& data,
                                                 const std::string& topic,
                                                 std::int32_t queue) {
  auto rows = storage::read_checkpoint(data).queue_file_rows;
  if (rows <= 0) {
    auto found =
      storage::queue_file_rows_in(data, limits::consume_queue_file_rows);
    if (!found)
      return std::move(found.error());
    rows = *found;
  }
  // With no record of the log gone, nothing is trimmed.
  return storage::consume_queue::open(
    {storage::consume_queue_directory(data, topic, {queue}), rows,
     storage::open_mode::read_only},
    {}, {std::numeric_limits<std::int64_t>::max()});
}

caf::expected<std::vector<queue_range_row>>
queue_ranges(const std::string& data, const std::string& topic) {
  std::vector<queue_range_row> rows;
  auto home = data + "/consumequeue";
  if (!storage::path_exists(home))
    return make_error(errc::io_failed,
                      data + " is no data directory: it has no consumequeue/");
  auto topics = storage::list_directory(home);
  if (!topics)
    return std::move(topics.error());
  for (const auto& name : *topics) {
    if (!topic.empty() && name != topic)
      continue;
    auto queues = storage::list_directory(home + "/" + name);
    if (!queues)
      return std::move(queues.error());
    for (const auto& text : *queues) {
      queue_range_row row{name, -1, 0, 0};
      auto [end, code] =
        std::from_chars(text.data(), text.data() + text.size(), row.queue);
      if (code != std::errc{} || end != text.data() + text.size())
        continue;
      auto queue = open_queue(data, name, row.queue);
      if (!queue)
        return std::move(queue.error());
      row.min = queue->min().value;
      row.max = queue->end().value;
      rows.push_back(std::move(row));
    }
  }
  std::ranges::sort(rows, {}, [](const auto& x) {
    return std::pair{x.topic, x.queue};
  });
  return rows;
}

int store_ls(const store_command& command) {
  auto rows = queue_ranges(command.data, command.topic);
  if (!rows)
    return fail("ls", rows.error(), 2);
  if (command.json) {
    remoting::json_text out;
    out.begin_list();
    for (const auto& x : *rows)
      out.begin_object()
        .field("topic", x.topic)
        .field("queue", x.queue)
        .field("min", x.min)
        .field("max", x.max)
        .end_object();
    std::cout << out.end_list().text() << '\n';
    return 0;
  }
  std::size_t width = 5;
  for (const auto& x : *rows)
    width = std::max(width, x.topic.size());
  auto column = static_cast<int>(width + 2);
  std::cout << std::left << std::setw(column) << "TOPIC" << std::right
            << std::setw(6) << "QUEUE" << std::setw(14) << "MIN"
            << std::setw(14) << "MAX" << std::setw(14) << "MESSAGES" << '\n';
  for (const auto& x : *rows)
    std::cout << std::left << std::setw(column) << x.topic << std::right
              << std::setw(6) << x.queue << std::setw(14) << x.min
              << std::setw(14) << x.max << std::setw(14) << x.max - x.min
              << '\n';
  return 0;
}

} // namespace troupe::app
