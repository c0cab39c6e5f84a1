/// `troupe store stats`: records, bytes and times of each topic.
#include "app/store/verbs.hpp"

#include <algorithm>
#include <iomanip>
#include <map>

namespace troupe::app {

namespace {

struct topic_figures {
  std::int64_t records = 0;
  std::int64_t bytes = 0;
  std::int64_t body_bytes = 0;
  epoch_ms first;
  epoch_ms last;
};

using figures = std::map<std::string, topic_figures, std::less<>>;

void print_json(const storage::scanned_log& log, const figures& topics) {
  remoting::json_text out;
  out.begin_object()
    .field("segments", log.segments)
    .field("records", log.records)
    .field("bytes", log.bytes)
    .field("logMin", log.min.value)
    .field("logEnd", log.end.value)
    .key("topics")
    .begin_list();
  for (const auto& [name, x] : topics)
    out.begin_object()
      .field("topic", name)
      .field("records", x.records)
      .field("bytes", x.bytes)
      .field("bodyBytes", x.body_bytes)
      .field("firstStored", x.first.value)
      .field("lastStored", x.last.value)
      .end_object();
  std::cout << out.end_list().end_object().text() << '\n';
}

void print_text(const storage::scanned_log& log, const figures& topics) {
  std::size_t width = 5;
  for (const auto& [name, x] : topics)
    width = std::max(width, name.size());
  auto column = static_cast<int>(width + 2);
  std::cout << std::left << std::setw(column) << "TOPIC" << std::right
            << std::setw(12) << "RECORDS" << std::setw(15) << "BYTES"
            << std::setw(15) << "BODIES" << std::setw(15) << "FIRST (ms)"
            << std::setw(15) << "LAST (ms)" << '\n';
  for (const auto& [name, x] : topics)
    std::cout << std::left << std::setw(column) << name << std::right
              << std::setw(12) << x.records << std::setw(15) << x.bytes
              << std::setw(15) << x.body_bytes << std::setw(15) << x.first.value
              << std::setw(15) << x.last.value << '\n';
  std::cout << log.records << " records, " << log.bytes << " bytes in "
            << log.segments << " segments, log offsets " << log.min.value
            << " to " << log.end.value << '\n';
}

} // namespace

int store_stats(const store_command& command) {
  if (auto home = command.data + "/commitlog"; !storage::path_exists(home))
    return fail("stats",
                make_error(errc::io_failed,
                           "there is no store: " + home + " does not exist"),
                2);
  figures topics;
  auto visit = [&](const storage::record_view& record) {
    if (!command.topic.empty() && record.topic != command.topic)
      return;
    auto found = topics.find(record.topic);
    if (found == topics.end())
      found = topics.emplace(std::string{record.topic}, topic_figures{}).first;
    auto& x = found->second;
    x.first =
      x.records == 0 ? record.store_time : std::min(x.first, record.store_time);
    x.last = std::max(x.last, record.store_time);
    ++x.records;
    x.bytes += record.size;
    x.body_bytes += static_cast<std::int64_t>(record.body.size());
  };
  caf::expected<storage::scanned_log> log{caf::error{}};
  {
    progress_bar bar;
    log = storage::scan_log(command.data, visit, bar.as("reading"));
  }
  if (!log)
    return fail("stats", log.error(), 2);
  if (command.json)
    print_json(*log, topics);
  else
    print_text(*log, topics);
  if (log->damages.empty())
    return 0;
  std::cerr
    << "troupe store stats: " << log->damages.size()
    << " damaged places passed over; `troupe store verify` names them\n";
  return 1;
}

} // namespace troupe::app
