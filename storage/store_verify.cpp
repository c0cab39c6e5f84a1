#include "storage/store_verify.hpp"

#include "storage/big_endian.hpp"
#include "storage/checkpoint.hpp"
#include "storage/consume_queue.hpp"
#include "storage/key_index.hpp"
#include "storage/recovery.hpp"
#include "storage/state_check.hpp"
#include "storage/state_probe.hpp"
#include "storage/store_shape.hpp"

#include "troupe/limits.hpp"
#include "troupe/model/names.hpp"
#include "troupe/model/queue_key.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace troupe::storage {

namespace {

/// The rows of one queue, read without the rules by which a node opens it.
class row_files {
public:
  row_files(std::string directory, std::int64_t file_rows)
    : directory_(std::move(directory)),
      file_rows_(file_rows) {}

  const std::string& directory() const { return directory_; }

  /// A row of zeros when there is none.
  consume_row at(queue_offset offset) {
    load_file(offset.value / file_rows_);
    auto place =
      static_cast<std::size_t>(offset.value % file_rows_) * consume_row_bytes;
    if (place + consume_row_bytes > bytes_.size())
      return {};
    return decode_row(bytes_.data() + place);
  }

  /// Calls `visit` with every row of the files that is used.
  template <class Visit>
  void each(Visit visit) {
    auto names = list_directory(directory_);
    if (!names)
      return; // check_queues() tells
    for (const auto& name : *names) {
      auto start = start_of_name(name);
      if (start < 0)
        continue;
      auto first = start / consume_row_bytes;
      load_file(first / file_rows_);
      auto count = static_cast<std::int64_t>(bytes_.size()) / consume_row_bytes;
      for (std::int64_t i = 0; i < count; ++i) {
        auto row = at({first + i});
        if (row.size > 0 && row.size != unused_start_size)
          visit(queue_offset{first + i}, row);
      }
    }
  }

private:
  void load_file(std::int64_t index) {
    if (index == loaded_)
      return;
    loaded_ = index;
    auto path =
      directory_ + "/" + start_name(index * file_rows_ * consume_row_bytes);
    auto bytes = path_exists(path) ? read_file(path)
                                   : caf::expected<std::string>{std::string{}};
    bytes_ = bytes ? std::move(*bytes) : std::string{};
  }

  std::string directory_;
  std::int64_t file_rows_;
  std::int64_t loaded_ = -1;
  std::string bytes_;
};

class verifier {
public:
  verifier(std::string directory, const scan_progress& progress)
    : directory_(std::move(directory)),
      progress_(progress) {}

  caf::expected<verified_store> run() {
    check_checkpoint();
    auto visit = [this](const record_view& record) { gather(record); };
    auto log = scan_log(directory_, visit, progress_);
    if (!log)
      return std::move(log.error());
    result_.log = std::move(*log);
    compare_rows();
    take_damages();
    if (last_.derived_end > result_.log.end)
      add({"checkpoint", directory_ + "/troupe.checkpoint", 0, 0,
           "the checkpoint is at " + std::to_string(last_.derived_end.value)
             + ", ahead of the log's end",
           true});
    check_queues();
    check_index();
    check_state();
    return std::move(result_);
  }

private:
  struct placed_row {
    queue_offset at;
    consume_row row;
  };

  void add(finding x) {
    ++result_.findings_count;
    if (result_.findings.size() < findings_max)
      result_.findings.push_back(std::move(x));
  }

  /// What lies in a directory; that it cannot be read is a finding.
  std::vector<std::string> names_in(const std::string& home, const char* what) {
    auto names = list_directory(home);
    if (names)
      return std::move(*names);
    add({what, home, 0, 0, context_of(names.error()), false});
    return {};
  }

  // -- checkpoint -------------------------------------------------------------

  void check_checkpoint() {
    last_ = read_checkpoint(directory_);
    result_.checkpoint_end = last_.derived_end;
    file_rows_ = last_.queue_file_rows;
    if (file_rows_ <= 0) {
      auto usual = limits::consume_queue_file_rows;
      auto found = queue_file_rows_in(directory_, usual);
      file_rows_ = found ? *found : usual; // check_queues() tells why not
    }
    for (const auto& why : damaged_slots(directory_))
      add({"checkpoint", directory_ + "/troupe.checkpoint", 0, 0, why, true});
  }

  // -- rows -------------------------------------------------------------------

  void gather(const record_view& record) {
    if (!has_row(record))
      return;
    rows_[{std::string{record.topic}, record.queue}].push_back(
      {record.offset, row_of(record, {})});
    if (++waiting_ >= limits::replayed_rows_max)
      compare_rows();
  }

  void compare_rows() {
    for (const auto& [key, rows] : rows_)
      compare(key, rows);
    rows_.clear();
    waiting_ = 0;
  }

  void compare(const queue_key& key, const std::vector<placed_row>& rows) {
    row_files files{consume_queue_directory(directory_, key.topic, key.queue),
                    file_rows_};
    for (const auto& [at, wanted] : rows) {
      ++result_.rows;
      auto found = files.at(at);
      // When a delayed message is due depends on levels that are configured.
      if (key.topic == names::schedule_topic)
        found.tags_code = wanted.tags_code;
      if (found == wanted)
        continue;
      auto missing = found.size == 0 || found.size == damaged_row_size;
      if (missing && wanted.position >= last_.derived_end)
        continue; // written when the node starts again
      add({"row", files.directory(), at.value, consume_row_bytes,
           missing ? "the row of the message at log offset "
                       + std::to_string(wanted.position.value) + " is missing"
           : found.position != wanted.position
             ? "the row points to " + std::to_string(found.position.value)
                 + ", the message is at "
                 + std::to_string(wanted.position.value)
           : found.size != wanted.size
             ? "the row has size " + std::to_string(found.size)
                 + ", the message has " + std::to_string(wanted.size)
             : "the row has another tag than its message",
           true});
    }
  }

  /// Rows whose messages are lost with damaged bytes of the log.
  void check_queues() {
    auto home = directory_ + "/consumequeue";
    for (const auto& topic : names_in(home, "consume queue"))
      for (const auto& name : names_in(home + "/" + topic, "consume queue")) {
        std::int32_t id = -1;
        auto [end, code] =
          std::from_chars(name.data(), name.data() + name.size(), id);
        if (code != std::errc{} || end != name.data() + name.size())
          continue;
        ++result_.queues;
        if (result_.log.damages.empty())
          continue;
        row_files files{home + "/" + topic + "/" + name, file_rows_};
        static_cast<void>(names_in(files.directory(), "consume queue"));
        files.each([&](queue_offset at, const consume_row& row) {
          if (is_damaged(row.position))
            lose({topic, id, at.value, row.position});
        });
      }
  }

  bool is_damaged(log_offset position) const {
    return std::ranges::any_of(result_.log.damages, [&](const auto& x) {
      return position >= x.begin && position < x.begin + x.bytes;
    });
  }

  void lose(lost_message x) {
    ++result_.lost_count;
    if (result_.lost.size() < findings_max)
      result_.lost.push_back(std::move(x));
  }

  // -- the rest ---------------------------------------------------------------

  void take_damages() {
    for (const auto& x : result_.log.damages)
      add({"record", x.file, x.begin.value, x.bytes, x.why, false});
    for (const auto& x : result_.log.notes)
      add({"segment", directory_ + "/commitlog", 0, 0, x, false});
    if (result_.log.torn_bytes > 0)
      result_.notes.push_back(
        std::to_string(result_.log.torn_bytes)
        + " bytes behind the log's end were never finished; a node cuts them "
          "off when it starts");
    if (result_.log.body_only > 0)
      result_.notes.push_back(
        std::to_string(result_.log.body_only)
        + " records carry a checksum of their body only (RocketMQ wrote them): "
          "a flipped bit elsewhere in them is seen only where lengths, place "
          "or topic no longer fit");
  }

  void check_index() {
    auto home = directory_ + "/index";
    for (const auto& name : names_in(home, "index")) {
      if (name.ends_with(".damaged"))
        result_.notes.push_back(home + "/" + name
                                + " was put aside; it may be removed");
      if (!name.ends_with(".run"))
        continue;
      ++result_.index_runs;
      auto entries = check_run(home, name);
      if (entries)
        result_.index_entries += static_cast<std::int64_t>(*entries);
      else
        add({"index", home + "/" + name, 0, 0, context_of(entries.error()),
             true});
    }
  }

  void check_state() {
    auto home = directory_ + "/state";
    auto state = probe_state(home);
    if (!state.exists) {
      if (path_exists(directory_ + "/troupe.checkpoint"))
        add({"state", home, 0, 0,
             state.why + ": settings and progress are lost", false});
      else
        result_.notes.push_back("no node of troupe has run here yet");
      return;
    }
    result_.state_rows = static_cast<std::int64_t>(state.rows.size());
    auto pages = storage::check_state(home);
    if (!pages.why.empty())
      add({"state", home, 0, 0, pages.why, false});
    else if (!state.readable)
      add({"state", home, 0, 0, state.why, false});
    for (const auto& x : state.damaged)
      add({"state", home, 0, 0, "the row " + x + " is damaged", false});
  }

  std::string directory_;
  const scan_progress& progress_;
  verified_store result_;
  checkpoint last_;
  std::int64_t file_rows_ = limits::consume_queue_file_rows;
  std::map<queue_key, std::vector<placed_row>> rows_;
  std::size_t waiting_ = 0;
};

} // namespace

caf::expected<verified_store> verify_store(const std::string& data_directory,
                                           const scan_progress& progress) {
  if (!path_exists(data_directory + "/commitlog"))
    return make_error(errc::io_failed,
                      data_directory
                        + " is no data directory: it has no commitlog/");
  return verifier{data_directory, progress}.run();
}

} // namespace troupe::storage
