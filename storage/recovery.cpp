#include "storage/recovery.hpp"

#include "storage/store_shape.hpp"

#include "troupe/limits.hpp"
#include "troupe/log.hpp"
#include "troupe/model/hash.hpp"
#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"
#include "troupe/model/queue_key.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

namespace troupe::storage {

namespace {

/// Rows found in the log, gathered by queue so that each queue is opened once,
/// however their records are mixed.
class row_writer {
public:
  /// @param log_end  rows of records at or past it count as not written
  row_writer(const store_options& options, log_offset log_end)
    : options_(options),
      home_(file::open(options.directory, open_mode::read_only)),
      log_end_(log_end) {}

  void put(const record_view& record) {
    if (!has_row(record) || !is_path_safe(record.topic))
      return;
    rows_[{std::string{record.topic}, record.queue}].push_back(
      {record.offset, row_of(record, options_.delays)});
    reached_ = std::max(reached_, record.position + record.size);
    if (++waiting_ >= limits::replayed_rows_max)
      flush();
  }

  /// Writes what is left and makes all of it durable.
  caf::error finish() {
    flush();
    if (failure_ || written_.empty())
      return failure_;
    return home_ ? sync_all(written_, **home_) : home_.error();
  }

  /// A queue began behind its end: rows before the replayed part are missing.
  bool has_gap() const { return gap_; }

private:
  struct placed_row {
    queue_offset at;
    consume_row row;
  };

  /// Names from a damaged or foreign log must not lead out of the directory.
  static bool is_path_safe(std::string_view topic) {
    return !topic.empty() && topic.find('/') == topic.npos
           && topic.find('\0') == topic.npos && topic != "." && topic != "..";
  }

  void flush() {
    for (auto& [key, rows] : rows_)
      if (!failure_)
        failure_ = write(key, rows);
    rows_.clear();
    waiting_ = 0;
    log_end_ = std::max(log_end_, reached_);
  }

  caf::error write(const queue_key& key, const std::vector<placed_row>& rows) {
    // The log's end is not known yet: rows past it are cut when the queue's
    // actor opens it.
    consume_queue_options where{
      consume_queue_directory(options_.directory, key.topic, key.queue),
      options_.consume_queue_file_rows};
    auto queue = consume_queue::open(where, {}, log_end_);
    // Files that begin behind the first row, or that do not belong together,
    // are what is left of a damaged queue.
    if (queue ? rows.front().at < queue->min()
              : is(queue.error(), errc::corrupt_file)) {
      log::error("storage", "a damaged consume queue is made anew")
        .with("directory", where.directory)
        .with("why",
              queue ? "its first files are missing" : describe(queue.error()));
      if (auto error = remove_tree(where.directory))
        return error;
      gap_ = gap_ || !queue;
      queue = consume_queue::open(where, {}, log_end_);
    }
    if (!queue)
      return std::move(queue.error());
    if (rows.front().at > queue->end())
      gap_ = true;
    std::vector<consume_row> there;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto& [at, row] = rows[i];
      there.clear();
      if (at >= queue->min() && at < queue->end())
        if (auto error = queue->read_blocking(at, 1, there))
          return error;
      if (!there.empty() && there.front() == row)
        continue;
      if (auto error = queue->put(at, row))
        return error;
    }
    if (auto error = queue->write_rows())
      return error;
    written_.add(queue->take_unsynced());
    if (written_.files.size() >= open_files_max)
      written_ = {{}, true}; // one sync for all costs less than one for these
    return caf::none;
  }

  static constexpr std::size_t open_files_max = 512;

  const store_options& options_;
  caf::expected<file_ptr>
    home_; // open before anything is written, see sync_all
  log_offset log_end_;
  log_offset reached_; // end of the last record that was put
  std::map<queue_key, std::vector<placed_row>> rows_;
  std::size_t waiting_ = 0;
  unsynced_files written_;
  bool gap_ = false;
  caf::error failure_;
};

/// Whether a topic that has settings has lost its directory: it is made with
/// the settings, before them.
/// @errors io_failed
caf::expected<bool> misses_a_queue(const store_options& options) {
  auto home = options.directory + "/consumequeue";
  auto there = list_directory(home);
  if (!there)
    return std::move(there.error());
  for (const auto& topic : options.topics)
    if (!std::ranges::binary_search(*there, topic)) {
      log::error("storage", "consume queues of a topic are missing, all are "
                            "derived from the log again")
        .with("topic", topic)
        .with("directory", home);
      return true;
    }
  return false;
}

/// Lets the files' sizes decide over the configured ones.
caf::error take_shape(store_options& options, checkpoint& last) {
  auto segments = segment_bytes_in(options.directory + "/commitlog");
  if (!segments)
    return std::move(segments.error());
  auto take = [](std::int64_t& configured, std::int64_t found,
                 const char* what) {
    if (found > 0 && found != configured)
      log::info("storage", "the store's own size is used")
        .with("of", what)
        .with("configured", configured)
        .with("found", found);
    if (found > 0)
      configured = found;
  };
  take(options.segment_bytes, *segments, "segments");
  if (last.queue_file_rows <= 0) {
    auto rows =
      queue_file_rows_in(options.directory, options.consume_queue_file_rows);
    if (!rows)
      return std::move(rows.error());
    last.queue_file_rows = *rows;
  }
  take(options.consume_queue_file_rows, last.queue_file_rows,
       "consume queue files, in rows");
  return caf::none;
}

/// Writes the keys of the records read so far. What a killed node left in the
/// page cache is synced before: no key may outlive its record.
caf::error flush_index(const store_options& options, key_index& index) {
  auto home = options.directory + "/commitlog";
  auto names = list_directory(home);
  if (!names)
    return std::move(names.error());
  for (const auto& name : *names) {
    if (start_of_name(name) < 0)
      continue;
    auto segment = file::open(home + "/" + name, open_mode::read_write);
    if (!segment)
      return std::move(segment.error());
    if (auto error = (*segment)->sync())
      return error;
  }
  return index.flush();
}

/// Opens the log, verified from `trusted` on, and writes the rows of records
/// from `rows_end` on.
caf::error replay(const store_options& options, log_offset trusted,
                  log_offset rows_end, opened_store& store) {
  // Rows at or past the checkpoint may be from before the crash: they are
  // written again. Rows before it are known to be durable.
  row_writer rows{options, rows_end};
  caf::error failure;
  auto visit = [&](const record_view& record) {
    if (record.position >= rows_end)
      rows.put(record);
    store.index->add_record(record);
    if (store.index->waiting() >= limits::replayed_keys_max && !failure)
      failure = flush_index(options, *store.index);
    if (options.more)
      options.more(record);
    auto& queues = store.topics[std::string{record.topic}];
    queues = std::max(queues, record.queue.value + 1);
  };
  store.recovered = {};
  store.log = nullptr;
  auto log =
    commit_log::open({options.directory + "/commitlog", options.segment_bytes},
                     trusted, visit, store.recovered);
  if (!log)
    return std::move(log.error());
  store.log = std::move(*log);
  if (failure)
    return failure;
  if (auto error = rows.finish())
    return error;
  // Behind damage a queue's next record is known to leave a gap.
  store.rows_missing = rows.has_gap() && store.recovered.damaged_bytes == 0
                       && rows_end > store.log->min();
  return caf::none;
}

} // namespace

std::string consume_queue_directory(const std::string& data_directory,
                                    std::string_view topic, queue_id queue) {
  return data_directory + "/consumequeue/" + std::string{topic} + "/"
         + std::to_string(queue.value);
}

caf::error make_topic_homes(const std::string& data_directory,
                            const std::vector<std::string>& topics) {
  auto home = data_directory + "/consumequeue";
  // One look for many; for one it is not worth it.
  std::vector<std::string> there;
  if (topics.size() > 1) {
    auto listed = list_directory(home);
    if (!listed)
      return std::move(listed.error());
    there = std::move(*listed);
  }
  for (const auto& topic : topics)
    if (!std::ranges::binary_search(there, topic))
      if (auto error = make_directories(home + "/" + topic))
        return error;
  return caf::none;
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

caf::expected<opened_store> open_store(store_options options) {
  if (auto error = make_directories(options.directory))
    return error;
  auto lock = lock_directory(options.directory);
  if (!lock)
    return std::move(lock.error());
  return open_locked_store(std::move(options), std::move(*lock));
}

caf::expected<opened_store> open_locked_store(store_options options,
                                              file_ptr lock) {
  opened_store store;
  store.lock = std::move(lock);
  store.last = read_checkpoint(options.directory);
  if (auto error = take_shape(options, store.last))
    return error;
  store.segment_bytes = options.segment_bytes;
  store.consume_queue_file_rows = options.consume_queue_file_rows;
  auto index = key_index::open(options.directory + "/index");
  if (!index)
    return std::move(index.error());
  store.index = std::move(*index);
  auto rows_end = store.last.derived_end;
  if (rows_end.value > 0) { // else all are derived as it is
    auto misses = misses_a_queue(options);
    if (!misses)
      return std::move(misses.error());
    if (*misses)
      rows_end = {};
  }
  auto trusted =
    std::min({rows_end, store.index->covered_end(), options.derived_from});
  auto error = replay(options, trusted, rows_end, store);
  if (!error && store.rows_missing) {
    log::error("storage", "rows of consume queues are missing, all are derived "
                          "from the log again")
      .with("directory", options.directory + "/consumequeue");
    error = replay(options, {}, {}, store);
  }
  if (error)
    return error;
  // What a killed node left in the page cache is served from here on.
  if (!store.last.clean)
    if (auto failed = store.log->sync_from(trusted))
      return failed;
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
