/// `troupe store cat`: messages of a topic, or the one at a log offset.
#include "app/store/queue_ranges.hpp"
#include "app/store/verbs.hpp"
#include "storage/store_shape.hpp"

#include "troupe/model/host.hpp"

#include <algorithm>

namespace troupe::app {

namespace {

/// Segments, opened when they are needed.
class log_pages {
public:
  log_pages(std::string directory, std::int64_t bytes)
    : directory_(std::move(directory)),
      bytes_(bytes) {}

  storage::found_content at(log_offset position) {
    storage::found_content nothing;
    nothing.what = storage::log_content::damaged;
    if (position.value < 0 || bytes_ <= 0) {
      nothing.why = "the log has no such place";
      return nothing;
    }
    log_offset start{position.value - position.value % bytes_};
    if (!here_ || here_->start() != start) {
      auto opened = storage::segment::open(directory_, start, bytes_,
                                           storage::open_mode::read_only);
      if (!opened) {
        nothing.why = context_of(opened.error());
        return nothing;
      }
      here_ = std::move(*opened);
    }
    auto found = storage::careful_reader{*here_}.look(position);
    if (found)
      return std::move(*found);
    nothing.why = context_of(found.error());
    return nothing;
  }

private:
  std::string directory_;
  std::int64_t bytes_;
  storage::segment_ptr here_;
};

/// Bytes as text; what does not print is a dot.
std::string shown(std::string_view bytes) {
  std::string text{bytes};
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 127)
      c = '.';
  return text;
}

/// A property text with its separators as `=` and blanks.
std::string shown_properties(std::string_view text) {
  std::string result{text};
  std::ranges::replace(result, '\1', '=');
  std::ranges::replace(result, '\2', ' ');
  return shown(result);
}

void print(const storage::record_view& x, bool json) {
  if (json) {
    remoting::json_text out;
    out.begin_object()
      .field("topic", x.topic)
      .field("queue", x.queue.value)
      .field("offset", x.offset.value)
      .field("logOffset", x.position.value)
      .field("size", static_cast<std::int64_t>(x.size))
      .field("bornTime", x.born_time.value)
      .field("storeTime", x.store_time.value)
      .field("bornHost", to_string(x.born_host))
      .field("sysFlag", x.sys_flag)
      .field("reconsumeTimes", x.reconsume_times)
      .field("properties", shown_properties(x.properties))
      .field("bodyBytes", static_cast<std::int64_t>(x.body.size()))
      .field("body", shown(x.body))
      .end_object();
    std::cout << out.text() << '\n';
    return;
  }
  std::cout << x.topic << " queue " << x.queue.value << " offset "
            << x.offset.value << " log " << x.position.value << " stored "
            << x.store_time.value << '\n'
            << "  " << shown_properties(x.properties) << '\n'
            << "  " << x.body.size() << " bytes: " << shown(x.body) << '\n';
}

} // namespace

int store_cat(const store_command& command) {
  auto home = command.data + "/commitlog";
  auto bytes = storage::segment_bytes_in(home);
  if (!bytes)
    return fail("cat", bytes.error(), 2);
  log_pages log{home, *bytes};
  int status = 0;
  auto show = [&](log_offset position) {
    auto found = log.at(position);
    if (found.what == storage::log_content::record)
      return print(found.record, command.json);
    std::cerr << "troupe store cat: log offset " << position.value << ": "
              << (found.why.empty() ? "no record begins there" : found.why)
              << '\n';
    status = 1;
  };
  if (command.at >= 0) {
    show({command.at});
    return status;
  }
  auto ranges = queue_ranges(command.data, command.topic);
  if (!ranges)
    return fail("cat", ranges.error(), 2);
  if (ranges->empty())
    return fail("cat",
                make_error(errc::topic_not_found,
                           "no queue of topic " + command.topic + " is here"),
                2);
  for (const auto& range : *ranges) {
    if (command.queue >= 0 && range.queue != command.queue)
      continue;
    auto queue = open_queue(command.data, range.topic, range.queue);
    if (!queue)
      return fail("cat", queue.error(), 2);
    auto first = std::max(command.offset, range.min);
    auto last =
      std::min(range.max, first + std::max<std::int64_t>(command.count, 0));
    for (auto at = first; at < last; ++at) {
      std::vector<storage::consume_row> rows;
      if (auto error = queue->read_blocking({at}, 1, rows))
        return fail("cat", error, 1);
      if (!rows.empty() && rows.front().size > 0)
        show(rows.front().position);
    }
  }
  return status;
}

} // namespace troupe::app
