#include "flusher/flusher.hpp"

#include "storage/checkpoint.hpp"
#include "storage/segment.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace troupe {

namespace {

caf::error sync_all(const std::vector<storage::file_ptr>& files) {
  for (const auto& file : files)
    if (auto error = file->sync())
      return error;
  return caf::none;
}

flusher_actor::behavior_type flusher(flusher_actor::pointer self,
                                     const std::string& data_directory,
                                     std::uint64_t generation) {
  make_quiet(*self);
  return {
    [](const sync_files& x) -> caf::result<files_synced> {
      if (auto error = sync_all(x.files))
        return error;
      return files_synced{};
    },
    [](const prepare_segment& x) -> caf::result<segment_prepared> {
      auto made = storage::segment::create(x.path, x.start, x.bytes);
      if (!made)
        return std::move(made.error());
      return segment_prepared{std::move(*made)};
    },
    [data_directory, generation](
      const write_checkpoint& x) mutable -> caf::result<checkpoint_written> {
      if (auto error = sync_all(x.files))
        return error;
      if (auto error = storage::write_checkpoint(
            data_directory, {x.rows_end, ++generation, x.clean}))
        return error;
      return checkpoint_written{};
    },
  };
}

} // namespace

flusher_actor spawn_flusher(caf::actor_system& system, threading how,
                            std::string data_directory,
                            std::uint64_t checkpoint_generation) {
  if (how == threading::detached)
    return system.spawn<caf::detached>(flusher, std::move(data_directory),
                                       checkpoint_generation);
  return system.spawn(flusher, std::move(data_directory),
                      checkpoint_generation);
}

} // namespace troupe
