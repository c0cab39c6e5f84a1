/// `troupe store export`: the way back. Commit log and settings stay; what
/// Apache RocketMQ derives itself goes, in its form it could not be read.
#include "app/store/verbs.hpp"
#include "storage/lmdb.hpp"
#include "storage/recovery.hpp"
#include "storage/state_check.hpp"
#include "storage/store_shape.hpp"
#include "supervisor/take_over.hpp"

namespace troupe::app {

int store_export(const store_command& command) {
  const auto& data = command.data;
  auto lock = lock_store(data);
  if (!lock)
    return fail("export", lock.error(), 2);
  if (auto error =
        storage::refusal_of(storage::check_state(data + "/state"), data))
    return fail("export", error, 1);
  auto env = storage::lmdb::open(data + "/state");
  if (!env)
    return fail("export", env.error(), 1);
  storage::store_options options;
  options.directory = data;
  std::int64_t segment_bytes = 0;
  {
    // Cuts what was never finished: RocketMQ must not see it.
    auto store = storage::open_locked_store(options, *lock);
    if (!store)
      return fail("export", store.error(), 1);
    segment_bytes = store->segment_bytes;
  }
  auto moved = hand_back_settings(data, **env);
  if (!moved)
    return fail("export", moved.error(), 1);
  for (const auto* name : {"/consumequeue", "/index"})
    if (auto error = storage::remove_tree(data + name))
      return fail("export", error, 1);
  for (const auto* name : {"/troupe.checkpoint", "/checkpoint", "/abort"})
    if (auto error = storage::remove_file(data + name))
      return fail("export", error, 1);
  if (command.json) {
    remoting::json_text out;
    out.begin_object()
      .field("topics", static_cast<std::int64_t>(moved->topics))
      .field("groups", static_cast<std::int64_t>(moved->groups))
      .field("offsets", static_cast<std::int64_t>(moved->offsets))
      .field("segmentBytes", segment_bytes)
      .end_object();
    std::cout << out.text() << '\n';
    return 0;
  }
  for (const auto& note : moved->notes)
    std::cout << "note: " << note << '\n';
  std::cout << moved->topics << " topics, " << moved->groups << " groups, "
            << moved->offsets << " offsets written to " << data
            << "/config; start Apache RocketMQ with\n  storePathRootDir="
            << data << "\n  storePathCommitLog=" << data
            << "/commitlog\n  mappedFileSizeCommitLog=" << segment_bytes
            << '\n';
  return 0;
}

} // namespace troupe::app
