/// `troupe store import`: copies a store of Apache RocketMQ and makes it ours.
#include "app/store/verbs.hpp"
#include "storage/checkpoint.hpp"
#include "storage/lmdb.hpp"
#include "storage/recovery.hpp"
#include "supervisor/take_over.hpp"

#include <array>
#include <filesystem>

namespace troupe::app {

namespace {

namespace fs = std::filesystem;

/// What of a store is used here; the rest is derived or of no use.
constexpr std::array used{"commitlog", "consumequeue", "config"};

/// What would be needed and is not understood.
constexpr std::array foreign{"batchconsumequeue", "consumequeue_ext", "kvStore",
                             "dledger-n0"};

std::int64_t bytes_below(const fs::path& path) {
  std::int64_t sum = 0;
  std::error_code code;
  for (fs::recursive_directory_iterator i{path, code}, end; !code && i != end;
       i.increment(code))
    if (i->is_regular_file(code))
      sum += static_cast<std::int64_t>(i->file_size(code));
  return sum;
}

class copier {
public:
  explicit copier(std::int64_t all) : all_(all) {}

  caf::error copy(const fs::path& from, const fs::path& to) {
    std::error_code code;
    fs::create_directories(to, code);
    for (fs::directory_iterator i{from, code}, end; !code && i != end;
         i.increment(code)) {
      auto target = to / i->path().filename();
      if (i->is_directory()) {
        if (auto error = copy(i->path(), target))
          return error;
        continue;
      }
      fs::copy_file(i->path(), target, code);
      if (code)
        break;
      done_ += static_cast<std::int64_t>(i->file_size());
      bar_.show("copying", done_, all_);
    }
    return code ? make_error(errc::io_failed, "cannot copy " + from.string()
                                                + " to " + to.string() + ": "
                                                + code.message())
                : caf::error{};
  }

private:
  progress_bar bar_;
  std::int64_t all_;
  std::int64_t done_ = 0;
};

caf::error check(const store_command& command) {
  if (!storage::path_exists(command.from + "/commitlog"))
    return make_error(errc::io_failed,
                      command.from
                        + " is no store of RocketMQ: it has no commitlog/");
  if (storage::path_exists(command.data + "/commitlog")
      || storage::path_exists(command.data + "/state"))
    return make_error(errc::io_failed,
                      command.data
                        + " holds a store already; name a new directory");
  if (storage::path_exists(command.from + "/abort"))
    std::cerr
      << "troupe store import: " << command.from
      << " was not closed in order (there is a file abort): stop its "
         "broker before you copy, or the last messages may be missing\n";
  for (const auto* name : foreign)
    if (storage::path_exists(command.from + "/" + name))
      std::cerr << "troupe store import: " << name << " is not taken over\n";
  return caf::none;
}

} // namespace

int store_import(const store_command& command) {
  if (auto error = check(command))
    return fail("import", error, 2);
  fs::path from{command.from};
  fs::path to{command.data};
  {
    std::int64_t all = 0;
    for (const auto* name : used)
      all += bytes_below(from / name);
    copier work{all};
    for (const auto* name : used)
      if (fs::exists(from / name))
        if (auto error = work.copy(from / name, to / name))
          return fail("import", error, 1);
    // RocketMQ's own mark: its queue files are whole.
    std::error_code ignored;
    fs::copy_file(from / "checkpoint", to / "checkpoint", ignored);
  }
  auto lock = lock_store(command.data);
  if (!lock)
    return fail("import", lock.error(), 2);
  auto env = storage::lmdb::open(command.data + "/state");
  if (!env)
    return fail("import", env.error(), 1);
  auto moved = take_over_settings(command.data, **env);
  if (!moved)
    return fail("import", moved.error(), 1);
  storage::store_options options;
  options.directory = command.data;
  auto store = storage::open_locked_store(options, std::move(*lock));
  if (!store)
    return fail("import", store.error(), 1);
  if (auto error = store->index->flush())
    return fail("import", error, 1);
  // A topic without this would count as one that has lost its rows.
  std::vector<std::string> topics;
  auto read = (*env)->for_each(storage::table::topics,
                               [&](std::string_view name, std::string_view) {
                                 topics.emplace_back(name);
                               });
  if (!read)
    return fail("import", read.error(), 1);
  if (auto error = storage::make_topic_homes(command.data, topics))
    return fail("import", error, 1);
  auto last = store->last;
  last.derived_end = store->log->end();
  last.clean = true;
  ++last.generation;
  if (auto error = storage::write_checkpoint(command.data, last))
    return fail("import", error, 1);
  remoting::json_text out;
  out.begin_object()
    .field("records", store->recovered.records)
    .field("logEnd", store->log->end().value)
    .field("segmentBytes", store->segment_bytes)
    .field("damagedBytes", store->recovered.damaged_bytes)
    .field("topics", static_cast<std::int64_t>(moved->topics))
    .field("groups", static_cast<std::int64_t>(moved->groups))
    .field("offsets", static_cast<std::int64_t>(moved->offsets))
    .field("delayLevels", static_cast<std::int64_t>(moved->delay_levels))
    .end_object();
  if (command.json)
    std::cout << out.text() << '\n';
  else
    std::cout << store->recovered.records << " records, " << moved->topics
              << " topics, " << moved->groups << " groups, " << moved->offsets
              << " offsets taken over; start with: troupe node --data "
              << command.data << '\n';
  return store->recovered.damaged_bytes == 0 ? 0 : 1;
}

} // namespace troupe::app
