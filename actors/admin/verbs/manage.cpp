/// spawn, unspawn, kill, pause, resume: the life of actors. What would lose
/// what was acknowledged is refused.
#include "admin/confirm.hpp"
#include "admin/connections.hpp"
#include "admin/custom.hpp"
#include "admin/paths.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include "troupe/model/names.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <algorithm>

namespace troupe::verbs {

namespace {

/// The manager of a registered path: the actor at its first part.
caf::expected<askable_actor> manager_of(admin_context& context,
                                        const std::string& path) {
  auto root = path.substr(0, path.find('/', 1));
  auto found = context.paths().find(root);
  if (found == context.paths().end())
    return make_error(errc::not_supported, "nothing manages the actors below "
                                             + root + " on this node");
  return found->second.actor;
}

answer to_manager(admin_context& context, const std::string& path,
                  const char* word, std::vector<std::string> arguments) {
  auto manager = manager_of(context, path);
  if (!manager)
    return std::move(manager.error());
  return context.ask<table>(*manager,
                            actor_question{word, std::move(arguments)});
}

caf::error refuse_kill(const place& at) {
  if (at.kind == place_kind::member)
    return make_error(errc::no_permission,
                      at.path
                        + " holds what was acknowledged or serves all others: "
                          "the node would end. Stop the node instead; it "
                          "recovers when it starts");
  if (at.kind == place_kind::topic || at.kind == place_kind::queue
      || at.kind == place_kind::queues)
    return make_error(errc::no_permission,
                      at.path
                        + " has places of messages in memory that a kill would "
                          "lose. `topic delete` ends it in order");
  return make_error(errc::invalid_argument, at.path + " is no actor");
}

/// Sends an exit that cannot be caught; the directory makes it anew.
answer kill_named(const place& at, const caf::actor& victim) {
  caf::anon_send_exit(victim, caf::exit_reason::kill);
  return note_of("killed " + at.path + "; its next use makes it anew");
}

caf::expected<group_config> group_of(admin_context& context,
                                     const std::string& name) {
  auto groups =
    context.ask<group_list>(context.node().directory, list_groups{});
  if (!groups)
    return std::move(groups.error());
  auto found = std::ranges::find(groups->groups, name, &group_config::name);
  if (found == groups->groups.end())
    return make_error(errc::group_not_found,
                      "no consumer group is called " + name
                        + "; `group list` shows those there are");
  return std::move(*found);
}

enum class deliveries : std::uint8_t {
  stopped,
  flowing
};

/// A group that is paused gets no messages: its pulls are refused.
answer switch_group(admin_context& context, const place& at, deliveries wish) {
  auto config = group_of(context, at.name);
  if (!config)
    return std::move(config.error());
  auto enabled = wish == deliveries::flowing;
  if (config->consume_enable == enabled)
    return note_of(at.path
                   + (enabled ? " is not paused" : " is paused already"));
  config->consume_enable = enabled;
  auto done = context.ask<directory_changed>(context.node().directory,
                                             update_group{std::move(*config)});
  if (!done)
    return std::move(done.error());
  return note_of(enabled ? at.path + " goes on"
                         : at.path
                             + " is paused: its consumers get nothing until "
                               "`resume "
                             + at.path + "`, also after a restart");
}

/// What comes of a pause of an actor that others ask: it is treated as one that
/// fails.
std::string paused_note(const custom_report& x, const std::string& path) {
  std::string note = path + " is paused";
  if (x.is_asked)
    note += ": what it intercepts, filters or checks is as if it had failed "
            "(on_failure)";
  else
    note += ": it is not called, but for questions";
  return note + ", until `resume " + path + "`, also after a restart";
}

/// A custom actor that consumes is paused as its group; one that others ask, or
/// that has nothing but timers, is not called.
answer switch_custom(admin_context& context, place at, deliveries wish) {
  auto known = find_custom(context, at.name);
  if (!known)
    return std::move(known.error());
  auto as_group = !known->group.empty();
  if (as_group && !known->is_asked) {
    at.name = known->group;
    return switch_group(context, at, wish);
  }
  auto flows = wish == deliveries::flowing;
  if (!as_group && known->paused != flows)
    return note_of(at.path + (flows ? " is not paused" : " is paused already"));
  auto done = context.ask<custom_changed>(context.node().custom,
                                          suspend_custom{at.name, !flows},
                                          limits::custom_ask_timeout);
  if (!done)
    return std::move(done.error());
  if (as_group) {
    at.name = known->group;
    if (auto its = switch_group(context, at, wish); !its)
      return its;
  }
  return note_of(flows ? at.path + " goes on" : paused_note(*known, at.path));
}

/// A topic that is paused delivers nothing; what is sent to it is stored.
answer switch_topic(admin_context& context, const place& at, deliveries wish) {
  if (names::is_system_topic(at.name))
    return make_error(errc::no_permission,
                      at.path + " belongs to the broker and is not paused");
  auto view = context.find_topic(at.name);
  if (!view)
    return std::move(view.error());
  auto config = *view->config;
  auto flows = wish == deliveries::flowing;
  if (((config.perm & permission::read) != 0) == flows)
    return note_of(at.path + (flows ? " is not paused" : " is paused already"));
  config.perm =
    flows ? config.perm | permission::read : config.perm & ~permission::read;
  auto done = context.ask<directory_changed>(context.node().directory,
                                             update_topic{std::move(config)});
  if (!done)
    return std::move(done.error());
  if (flows)
    return note_of(at.path
                   + " goes on; clients that have looked meanwhile do so "
                     "within 30 s");
  return note_of(at.path
                 + " is paused: no client gets its messages, what is sent is "
                   "stored, until `resume "
                 + at.path + "`, also after a restart");
}

answer switch_place(admin_context& context, arguments& words, deliveries wish) {
  auto path = words.required("PATH");
  if (auto error = words.finish())
    return error;
  auto at = find_place(context, path);
  if (!at)
    return std::move(at.error());
  if (at->kind == place_kind::topic)
    return switch_topic(context, *at, wish);
  if (at->kind == place_kind::group)
    return switch_group(context, *at, wish);
  if (at->kind == place_kind::custom)
    return switch_custom(context, std::move(*at), wish);
  if (at->kind == place_kind::queue || at->kind == place_kind::queues)
    return make_error(errc::not_supported,
                      "clients know no pause of a single queue; pause /topic/"
                        + at->name);
  if (at->kind == place_kind::registered)
    return to_manager(context, at->path,
                      wish == deliveries::flowing ? "resume" : "pause",
                      {at->path});
  return make_error(errc::not_supported,
                    "topics, consumer groups and custom actors can be paused; "
                      + at->path + " cannot");
}

} // namespace

answer kill(admin_context& context, arguments& words) {
  auto agreed = consent::of(words);
  auto path = words.required("PATH");
  if (auto error = words.finish())
    return error;
  auto at = find_place(context, path);
  if (!at)
    return std::move(at.error());
  caf::actor victim;
  connection_id client;
  if (at->kind == place_kind::group) {
    auto group = context.find_group(at->name);
    if (!group)
      return std::move(group.error());
    victim = caf::actor_cast<caf::actor>(*group);
  } else if (at->kind == place_kind::producer) {
    auto found = context.ask<producer_found>(context.node().directory,
                                             find_producer{at->name, false});
    if (!found)
      return std::move(found.error());
    victim = caf::actor_cast<caf::actor>(found->producer);
  } else if (at->kind == place_kind::custom) {
    if (auto known = find_custom(context, at->name); !known)
      return std::move(known.error());
  } else if (at->kind == place_kind::connection) {
    auto found = find_connection(context, at->name);
    if (!found)
      return std::move(found.error());
    client = found->id;
  } else if (at->kind != place_kind::registered) {
    return refuse_kill(*at);
  }
  if (auto instead = agreed.instead_of("kill " + at->path))
    return std::move(*instead);
  if (at->kind == place_kind::custom) {
    auto done = context.ask<custom_changed>(context.node().custom,
                                            restart_custom{at->name},
                                            limits::custom_ask_timeout);
    if (!done)
      return std::move(done.error());
    return note_of(at->path + " ended and was made anew; its state stays");
  }
  if (at->kind == place_kind::registered)
    return to_manager(context, at->path, "kill", {at->path});
  if (at->kind == place_kind::connection) {
    caf::anon_send(context.node().gateway, close_connection{client});
    return note_of("closed " + at->path
                   + "; a client that lives connects again");
  }
  return kill_named(*at, victim);
}

answer pause(admin_context& context, arguments& words) {
  return switch_place(context, words, deliveries::stopped);
}

answer resume(admin_context& context, arguments& words) {
  return switch_place(context, words, deliveries::flowing);
}

answer spawn(admin_context& context, arguments& words) {
  auto type = words.required("TYPE");
  auto name = words.required("NAME");
  auto given = words.rest(); // the type's own
  if (auto error = words.finish())
    return error;
  auto fields = read_fields(given);
  if (!fields)
    return std::move(fields.error());
  auto done = context.ask<custom_changed>(
    context.node().custom, spawn_custom{{name, type, std::move(*fields)}},
    limits::custom_ask_timeout);
  if (!done)
    return std::move(done.error());
  auto result = fields_of({{"path", "/custom/" + name}, {"type", type}});
  result.note = "spawned; it is there again after a restart of the node";
  return result;
}

answer types(admin_context& context, arguments& words) {
  if (auto error = words.finish())
    return error;
  auto list = context.ask<custom_list>(context.node().custom, list_custom{});
  if (!list)
    return std::move(list.error());
  table result;
  result.columns = {"type", "arguments", "from"};
  for (const auto& x : list->types)
    result.rows.push_back({x.name, x.arguments, x.plugin});
  for (const auto& why : list->refused)
    result.note += (result.note.empty() ? "" : "\n") + why;
  return result;
}

answer unspawn(admin_context& context, arguments& words) {
  auto agreed = consent::of(words);
  auto path = words.required("PATH");
  if (auto error = words.finish())
    return error;
  if (path.find('/') == path.npos)
    path = "/custom/" + path;
  auto at = find_place(context, path);
  if (!at)
    return std::move(at.error());
  if (at->kind != place_kind::custom && at->kind != place_kind::registered)
    return make_error(errc::not_supported,
                      at->path
                        + " is no custom actor; `ls /custom` lists those there "
                          "are");
  if (at->kind == place_kind::custom)
    if (auto known = find_custom(context, at->name); !known)
      return std::move(known.error());
  if (auto instead = agreed.instead_of("end " + at->path
                                       + " and forget its state and progress"))
    return std::move(*instead);
  if (at->kind == place_kind::registered)
    return to_manager(context, at->path, "unspawn", {at->path});
  auto done =
    context.ask<custom_changed>(context.node().custom, unspawn_custom{at->name},
                                limits::custom_ask_timeout);
  if (!done)
    return std::move(done.error());
  return note_of("ended " + at->path);
}

} // namespace troupe::verbs
