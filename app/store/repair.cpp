/// `troupe store repair`: makes again what is derived, saves what can be read
/// of the state, and says what is lost. Damaged records stay where they are:
/// a node walks past them.
#include "app/store/verbs.hpp"
#include "storage/checkpoint.hpp"
#include "storage/lmdb.hpp"
#include "storage/recovery.hpp"
#include "storage/state_check.hpp"
#include "storage/state_probe.hpp"
#include "storage/store_shape.hpp"

#include <algorithm>
#include <cstdio>

namespace troupe::app {

namespace {

using actions = std::vector<std::string>;

/// A name beside `path` that is not taken.
std::string free_name(const std::string& path) {
  for (int i = 1;; ++i) {
    auto name = path + ".damaged" + (i > 1 ? "-" + std::to_string(i) : "");
    if (!storage::path_exists(name))
      return name;
  }
}

caf::error put_aside(const std::string& path, actions& done) {
  auto aside = free_name(path);
  if (std::rename(path.c_str(), aside.c_str()) != 0)
    return make_error(errc::io_failed, "cannot rename " + path);
  done.push_back("put aside " + path + " as " + aside);
  return caf::none;
}

/// Segments that are missing between others are made, empty, and short ones
/// made whole, so that a node starts: it walks past what was in them.
caf::error mend_segments(const std::string& data, actions& done) {
  auto home = data + "/commitlog";
  auto bytes = storage::segment_bytes_in(home);
  if (!bytes)
    return std::move(bytes.error());
  std::int64_t expected = -1;
  auto names = storage::list_directory(home);
  if (!names)
    return std::move(names.error());
  for (const auto& name : *names) {
    auto start = storage::start_of_name(name);
    if (start < 0)
      continue;
    for (; expected >= 0 && expected < start; expected += *bytes) {
      if (auto made = storage::segment::create(home, {expected}, *bytes); !made)
        return std::move(made.error());
      done.push_back("made the missing segment " + storage::start_name(expected)
                     + ", empty: its messages are lost");
    }
    auto file =
      storage::file::open(home + "/" + name, storage::open_mode::read_write);
    auto size = file ? (*file)->size() : file.error();
    if (!size)
      return std::move(size.error());
    if (*size < *bytes) {
      if (auto error = (*file)->allocate(*bytes))
        return error;
      done.push_back("made segment " + name + " whole: it had "
                     + std::to_string(*size) + " bytes");
    }
    expected = start + *bytes;
  }
  return caf::none;
}

/// Moves what can be read of a damaged state into a new one.
caf::error mend_state(const std::string& data, actions& done) {
  auto home = data + "/state";
  auto state = storage::probe_state(home);
  if (!state.exists
      || (state.readable && state.damaged.empty()
          && storage::check_state(home).is_sound()))
    return caf::none;
  if (auto error = put_aside(home, done))
    return error;
  auto env = storage::lmdb::open(home);
  if (!env)
    return std::move(env.error());
  // What is derived from the log is derived again by the next start, from the
  // beginning: what was lost of it cannot be known.
  std::erase_if(state.rows, [](const auto& x) {
    return storage::is_derived(storage::table_name(x.where), x.key);
  });
  if (auto error = (*env)->write(state.rows))
    return error;
  done.push_back("saved " + std::to_string(state.rows.size())
                 + " rows of settings and progress"
                 + (state.readable ? "" : " (not all: " + state.why + ")"));
  for (const auto& x : state.damaged)
    done.push_back("lost the row " + x);
  return caf::none;
}

/// Removes derived files that are damaged and derives everything again.
caf::error mend_derived(const std::string& data,
                        const storage::verified_store& found, actions& done,
                        storage::file_ptr lock) {
  for (const auto& x : found.findings)
    if (x.kind == "index") {
      if (auto error = storage::remove_file(x.file))
        return error;
      done.push_back("removed " + x.file);
    }
  auto last = storage::read_checkpoint(data);
  if (auto error = storage::remove_file(data + "/troupe.checkpoint"))
    return error;
  storage::store_options options;
  options.directory = data;
  if (last.queue_file_rows > 0)
    options.consume_queue_file_rows = last.queue_file_rows;
  auto store = storage::open_locked_store(options, std::move(lock));
  if (!store)
    return std::move(store.error());
  if (auto error = store->index->flush())
    return error;
  done.push_back("derived the rows and keys of "
                 + std::to_string(store->recovered.records) + " records");
  if (store->recovered.cut_bytes > 0)
    done.push_back("cut off " + std::to_string(store->recovered.cut_bytes)
                   + " bytes that were never finished");
  last.derived_end = store->log->end();
  last.clean = true;
  last.queue_file_rows = store->consume_queue_file_rows;
  for (int slot = 0; slot < 2; ++slot) {
    ++last.generation;
    if (auto error = storage::write_checkpoint(data, last))
      return error;
  }
  return caf::none;
}

void print(const actions& done, const storage::verified_store& after,
           const store_command& command) {
  if (!command.json) {
    for (const auto& x : done)
      std::cout << x << '\n';
    print_verified(after, command);
    return;
  }
  remoting::json_text out;
  out.begin_object().key("done").begin_list();
  for (const auto& x : done)
    out.string(x);
  out.end_list()
    .field("sound", after.is_sound())
    .field("remaining", after.findings_count)
    .field("lostMessages", after.lost_count)
    .end_object();
  std::cout << out.text() << '\n';
}

} // namespace

int store_repair(const store_command& command) {
  const auto& data = command.data;
  auto lock = lock_store(data);
  if (!lock)
    return fail("repair", lock.error(), 2);
  progress_bar bar;
  actions done;
  if (auto error = mend_segments(data, done))
    return fail("repair", error, 1);
  auto before = storage::verify_store(data, bar.as("verifying"));
  if (!before)
    return fail("repair", before.error(), 2);
  if (auto error = mend_state(data, done))
    return fail("repair", error, 1);
  auto derived_damage =
    std::ranges::any_of(before->findings, [](auto& x) { return x.derived; });
  if (derived_damage || before->log.torn_bytes > 0 || !done.empty())
    if (auto error = mend_derived(data, *before, done, *lock))
      return fail("repair", error, 1);
  auto after = storage::verify_store(data, bar.as("verifying again"));
  if (!after)
    return fail("repair", after.error(), 1);
  print(done, *after, command);
  return after->is_sound() ? 0 : 1;
}

} // namespace troupe::app
