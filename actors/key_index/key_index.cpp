#include "key_index/key_index.hpp"

#include "reactor/metered.hpp"
#include "storage/key_index.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace troupe {

namespace {

key_index_actor::behavior_type
key_index(key_index_actor::pointer self,
          const std::shared_ptr<storage::key_index>& index) {
  make_quiet(*self);
  return {
    [index](add_index_entries& x) {
      index->add(std::move(x.entries), x.end);
      if (!index->is_full())
        return;
      // The entries stay in memory until a later flush succeeds.
      if (auto error = index->flush())
        log::error("key_index", "cannot write a run")
          .with("why", describe(error));
    },
    [index](const find_positions& x) -> caf::result<positions_found> {
      auto found = index->find(x.hash, x.begin, x.end,
                               static_cast<std::size_t>(x.count_max));
      if (!found)
        return std::move(found.error());
      return positions_found{std::move(*found)};
    },
    [index](const flush_index&) -> caf::result<index_flushed> {
      if (auto error = index->flush())
        return error;
      return index_flushed{};
    },
    [index](const trim_index& x) {
      if (auto error = index->trim(x.min))
        log::error("key_index", "cannot remove a run")
          .with("why", describe(error));
    },
  };
}

} // namespace

key_index_actor spawn_key_index(caf::actor_system& system, threading how,
                                std::shared_ptr<storage::key_index> index) {
  if (how == threading::detached)
    return spawn_metered<key_index_actor>(
      system, [index](key_index_actor::pointer self) {
        return key_index(self, index);
      });
  return system.spawn(key_index, std::move(index));
}

} // namespace troupe
