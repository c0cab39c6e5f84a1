/// Pins an actor to a reactor: whoever sends to it, it runs there.
/// A spawner says where with a placement; the role itself does not know.
#pragma once

#include "reactor/metered.hpp"
#include "reactor/reactor.hpp"

#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/mailbox_element.hpp>

#include <utility>

namespace troupe {

/// `Base` (a class-based event actor) with its home on a reactor.
template <class Base>
class pinned : public metered<Base> {
public:
  template <class... Ts>
  explicit pinned(caf::actor_config& config, Ts&&... xs)
    : metered<Base>(config, std::forward<Ts>(xs)...),
      home_(static_cast<reactor*>(config.host)) {}

  void enqueue(caf::mailbox_element_ptr element,
               caf::execution_unit*) override {
    metered<Base>::enqueue(std::move(element), home_);
  }

  void enqueue(caf::strong_actor_ptr from, caf::message_id id,
               caf::message content, caf::execution_unit*) override {
    enqueue(
      caf::make_mailbox_element(std::move(from), id, {}, std::move(content)),
      home_);
  }

  caf::resumable::subtype_t subtype() const override {
    return caf::resumable::io_actor;
  }

  std::size_t object_bytes() const override { return sizeof(*this); }

private:
  reactor* home_;
};

/// Where to run an actor: pinned to a reactor, or (null, as in tests) by the
/// system's scheduler.
struct placement {
  reactor* home = nullptr;
};

/// Spawns the class-based actor `Impl` there.
/// @returns its typed handle
template <class Impl, class... Ts>
auto spawn_at(caf::actor_system& system, placement where, Ts&&... xs) {
  if (where.home == nullptr)
    return system.spawn<Impl>(std::forward<Ts>(xs)...);
  caf::actor_config config{where.home};
  return system.spawn_class<pinned<Impl>, caf::no_spawn_options>(
    config, std::forward<Ts>(xs)...);
}

} // namespace troupe
