#include "flusher/flusher.hpp"

#include "reactor/metered.hpp"
#include "storage/checkpoint.hpp"
#include "storage/file.hpp"
#include "storage/open_files.hpp"
#include "storage/segment.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace troupe {

namespace {

flusher_actor::behavior_type flusher(flusher_actor::pointer self,
                                     const std::string& data_directory,
                                     storage::checkpoint last) {
  make_quiet(*self);
  auto home =
    storage::file::open(data_directory, storage::open_mode::read_only);
  return {
    [](const sync_files& x) -> caf::result<files_synced> {
      for (const auto& file : x.files)
        if (auto error = file->sync())
          return error;
      return files_synced{};
    },
    [](const prepare_segment& x) -> caf::result<segment_prepared> {
      auto made = storage::segment::create(x.path, x.start, x.bytes);
      if (!made)
        return std::move(made.error());
      return segment_prepared{std::move(*made)};
    },
    [data_directory, last, home, lost = home ? caf::error{} : home.error()](
      const write_checkpoint& x) mutable -> caf::result<checkpoint_written> {
      // The kernel may have dropped rows that it could not write, and the next
      // sync would say nothing of them.
      if (!lost)
        if (auto error = storage::sync_all({x.files, x.others}, **home))
          lost = make_error(errc_of(error),
                            context_of(error)
                              + ": no checkpoint is written any more; mend the "
                                "disk and restart the node, it derives from "
                                "the log what may be missing");
      if (lost)
        return lost;
      last.derived_end = x.rows_end;
      last.clean = x.clean;
      ++last.generation;
      if (auto error = storage::write_checkpoint(data_directory, last))
        return error;
      return checkpoint_written{};
    },
  };
}

} // namespace

flusher_actor spawn_flusher(caf::actor_system& system, threading how,
                            std::string data_directory,
                            const storage::checkpoint& last) {
  if (how == threading::detached)
    return spawn_metered<flusher_actor>(
      system, [data_directory, last](flusher_actor::pointer self) {
        return flusher(self, data_directory, last);
      });
  return system.spawn(flusher, std::move(data_directory), last);
}

} // namespace troupe
