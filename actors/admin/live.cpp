#include "admin/live.hpp"

#include <caf/actor_cast.hpp>

#include <algorithm>

namespace troupe {

namespace {

bool lies_below(const std::string& path, const std::string& folder) {
  return folder == "/" || path == folder || path.starts_with(folder + "/");
}

/// The queues of topics that are in use.
caf::error add_queues(admin_context& context,
                      const std::vector<live_actor>& topics,
                      const live_wish& wish, std::vector<live_one>& to) {
  for (const auto& topic : topics) {
    auto folder = "/queue/" + topic.name;
    if (!lies_below(folder, wish.below) && !lies_below(wish.below, folder))
      continue;
    auto view = context.find_topic(topic.name);
    if (!view && is(view.error(), errc::topic_not_found))
      continue; // deleted meanwhile
    if (!view)
      return std::move(view.error());
    for (std::size_t i = 0; i < view->queues.size(); ++i) {
      auto path = folder + "/" + std::to_string(i);
      if (lies_below(path, wish.below))
        to.push_back({path, "queue", "pinned",
                      caf::actor_cast<caf::strong_actor_ptr>(view->queues[i]),
                      topic.restarts});
    }
  }
  return caf::none;
}

/// Custom actors, those that were refused too: they have no actor.
caf::error add_custom(admin_context& context, const live_wish& wish,
                      std::vector<live_one>& to) {
  constexpr const char* folder = "/custom";
  if (!context.node().custom
      || (!lies_below(folder, wish.below) && !lies_below(wish.below, folder)))
    return caf::none;
  auto list = context.ask<custom_list>(context.node().custom, list_custom{});
  if (!list)
    return std::move(list.error());
  for (auto& x : list->actors) {
    live_one one;
    one.path = std::string{folder} + "/" + x.spec.name;
    if (!lies_below(one.path, wish.below))
      continue;
    one.kind = x.spec.type;
    one.where = "detached";
    if (auto found = list->runners.find(x.spec.name);
        found != list->runners.end())
      one.actor = found->second;
    one.restarts = x.restarts;
    one.custom = std::move(x);
    to.push_back(std::move(one));
  }
  return caf::none;
}

} // namespace

caf::expected<std::vector<live_one>> find_live(admin_context& context,
                                               const live_wish& wish) {
  std::vector<live_one> result;
  for (const auto& x : context.node().cast)
    if (lies_below(x.path, wish.below))
      result.push_back({x.path, x.kind, x.where, x.actor, 0});
  if (!context.node().directory)
    return result;
  auto live = context.ask<live_actors>(context.node().directory, list_live{});
  if (!live)
    return std::move(live.error());
  auto add = [&](const std::vector<live_actor>& actors, const char* kind) {
    for (const auto& x : actors) {
      auto path = std::string{"/"} + kind + "/" + x.name;
      if (lies_below(path, wish.below))
        result.push_back({path, kind, "pinned", x.actor, x.restarts});
    }
  };
  add(live->groups, "group");
  add(live->producers, "producer");
  add(live->topics, "topic");
  if (wish.queues || wish.below.starts_with("/queue"))
    if (auto error = add_queues(context, live->topics, wish, result))
      return error;
  if (auto error = add_custom(context, wish, result))
    return error;
  return result;
}

has_meter* meter_of(const caf::strong_actor_ptr& actor) {
  if (!actor)
    return nullptr;
  auto* object = caf::actor_cast<caf::abstract_actor*>(actor);
  return dynamic_cast<has_meter*>(object);
}

std::vector<activity> observe(admin_context& context,
                              std::vector<live_one> actors,
                              std::chrono::milliseconds time) {
  std::vector<meter_reading> before;
  for (const auto& x : actors) {
    auto* own = meter_of(x.actor);
    before.push_back(own == nullptr ? meter_reading{}
                                    : own->own_meter().read());
  }
  auto began = meter::clock_ns();
  static_cast<void>(context.pause(time));
  auto ns =
    static_cast<double>(std::max<std::int64_t>(meter::clock_ns() - began, 1));
  std::vector<activity> result;
  for (std::size_t i = 0; i < actors.size(); ++i) {
    activity x;
    x.who = std::move(actors[i]);
    if (auto* own = meter_of(x.who.actor)) {
      auto now = own->own_meter().read();
      x.measured = true;
      x.mailbox = std::max<std::int64_t>(now.arrived - now.handled, 0);
      x.wait_p99_us = now.wait_p99_us;
      x.busy = std::min(
        static_cast<double>(now.busy_ns - before[i].busy_ns) / ns, 1.0);
      x.rate = static_cast<double>(now.handled - before[i].handled) / ns * 1e9;
      x.bytes = own->object_bytes();
    }
    result.push_back(std::move(x));
  }
  return result;
}

} // namespace troupe
