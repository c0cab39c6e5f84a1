#include "storage/recovery.hpp"

#include "troupe/log.hpp"
#include "troupe/model/hash.hpp"
#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"

#include <algorithm>
#include <charconv>
#include <list>
#include <map>

namespace troupe::storage {

namespace {

/// Consume queues that recovery writes to. Bounded: the one used longest ago is
/// written and closed when too many are open.
class row_writer {
public:
  row_writer(const store_options& options, log_offset log_end)
    : options_(options),
      log_end_(log_end) {}

  void put(const record_view& record) {
    if (failure_ || !has_row(record))
      return;
    auto* queue = find(record);
    if (queue != nullptr)
      failure_ = queue->put(record.offset, row_of(record, options_.delays));
  }

  caf::error finish() {
    for (auto& [directory, queue] : open_)
      if (!failure_)
        failure_ = queue.write_rows();
    return failure_;
  }

private:
  static constexpr std::size_t open_queues_max = 1024;

  consume_queue* find(const record_view& record) {
    auto directory =
      consume_queue_directory(options_.directory, record.topic, record.queue);
    if (auto found = open_.find(directory); found != open_.end())
      return &found->second;
    if (open_.size() >= open_queues_max) {
      failure_ = open_.begin()->second.write_rows();
      open_.erase(open_.begin());
      if (failure_)
        return nullptr;
    }
    // The log's end is not known yet: rows past it are cut when the queue's
    // actor opens it, and those replayed here are overwritten in place.
    auto opened = consume_queue::open(
      {directory, options_.consume_queue_file_rows}, {}, log_end_);
    if (!opened) {
      failure_ = std::move(opened.error());
      return nullptr;
    }
    return &open_.emplace(directory, std::move(*opened)).first->second;
  }

  const store_options& options_;
  log_offset log_end_;
  std::map<std::string, consume_queue> open_;
  caf::error failure_;
};

} // namespace

std::string consume_queue_directory(const std::string& data_directory,
                                    std::string_view topic, queue_id queue) {
  return data_directory + "/consumequeue/" + std::string{topic} + "/"
         + std::to_string(queue.value);
}

bool has_row(const record_view& record) {
  auto kind = record.sys_flag & sys_flag_transaction;
  return kind != sys_flag_prepared && kind != sys_flag_rollback;
}

consume_row row_of(const record_view& record, const delay_levels& delays) {
  consume_row row{record.position, static_cast<std::int32_t>(record.size), 0};
  if (record.topic == names::schedule_topic) {
    auto text = properties::find(record.properties, properties::delay);
    std::int32_t level = 0;
    std::from_chars(text.data(), text.data() + text.size(), level);
    row.tags_code = record.store_time.value + delays.delay_ms(level);
    return row;
  }
  row.tags_code =
    tags_code(properties::find(record.properties, properties::tags));
  return row;
}

caf::expected<opened_store> open_store(const store_options& options) {
  opened_store store;
  if (auto error = make_directories(options.directory))
    return error;
  auto lock = lock_directory(options.directory);
  if (!lock)
    return std::move(lock.error());
  store.lock = std::move(*lock);
  store.last = read_checkpoint(options.directory);
  auto index = key_index::open(options.directory + "/index");
  if (!index)
    return std::move(index.error());
  store.index = std::move(*index);
  auto trusted = std::min(store.last.derived_end, store.index->covered_end());
  // Rows at or past the checkpoint may be from before the crash: they are
  // written again. Rows before it are known to be durable.
  row_writer rows{options, store.last.derived_end};
  auto visit = [&](const record_view& record) {
    if (record.position >= store.last.derived_end)
      rows.put(record);
    store.index->add_record(record);
    auto& queues = store.topics[std::string{record.topic}];
    queues = std::max(queues, record.queue.value + 1);
  };
  auto log =
    commit_log::open({options.directory + "/commitlog", options.segment_bytes},
                     trusted, visit, store.recovered);
  if (!log)
    return std::move(log.error());
  store.log = std::move(*log);
  if (auto error = rows.finish())
    return error;
  log::info("storage", "store opened")
    .with("directory", options.directory)
    .with("log_end", store.log->end().value)
    .with("verified_from", trusted.value)
    .with("verified_records", store.recovered.records)
    .with("damaged_bytes", store.recovered.damaged_bytes)
    .with("cut_bytes", store.recovered.cut_bytes)
    .with("clean", store.last.clean ? "yes" : "no");
  return store;
}

} // namespace troupe::storage
