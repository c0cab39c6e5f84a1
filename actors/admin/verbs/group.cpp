/// group: list, describe, create, set, delete.
#include "admin/backlog.hpp"
#include "admin/confirm.hpp"
#include "admin/texts.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include "troupe/model/names.hpp"

#include <algorithm>

namespace troupe::verbs {

namespace {

const char* text_of(consume_type x) {
  switch (x) {
    case consume_type::actively:
      return "pull";
    case consume_type::passively:
      return "push";
    case consume_type::pop:
      return "pop";
  }
  return "";
}

caf::expected<group_config> config_of(admin_context& context,
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

answer list(admin_context& context, arguments& words) {
  auto everything = words.flag("all");
  if (auto error = words.finish())
    return error;
  auto groups =
    context.ask<group_list>(context.node().directory, list_groups{});
  if (!groups)
    return std::move(groups.error());
  table result;
  result.columns = {"group", "enabled", "retries", "orderly"};
  for (const auto& x : groups->groups) {
    if (!everything && names::is_system_group(x.name))
      continue;
    if (result.rows.size() == limits::admin_rows_max) {
      result.note = "there are more groups; only the first are shown";
      break;
    }
    result.rows.push_back(
      {x.name, x.consume_enable, x.retry_max_times, x.consume_message_orderly});
  }
  return result;
}

answer describe(admin_context& context, arguments& words) {
  auto name = words.required("GROUP");
  if (auto error = words.finish())
    return error;
  auto config = config_of(context, name);
  if (!config)
    return std::move(config.error());
  auto backlog = backlog_of(context, name);
  if (!backlog)
    return std::move(backlog.error());
  auto total = total_of(*backlog, {});
  const auto& live = *backlog->members.snapshot;
  std::string topics;
  for (const auto& [topic, subscription] : live.subscriptions)
    topics += (topics.empty() ? "" : ", ") + topic + " ("
              + subscription->expression + ")";
  return fields_of(
    {{"group", name},
     {"enabled", config->consume_enable},
     {"members", backlog->members.members.size()},
     {"lag", total.behind},
     {"in_flight", total.in_flight},
     {"kind", live.online ? text_of(live.type) : ""},
     {"model", live.model == message_model::broadcasting ? "broadcasting"
                                                         : "clustering"},
     {"subscriptions", topics},
     {"orderly", config->consume_message_orderly},
     {"retries", config->retry_max_times},
     {"retry_queues", config->retry_queues},
     {"broadcast", config->consume_broadcast_enable}});
}

answer members(admin_context& context, arguments& words) {
  auto name = words.required("GROUP");
  if (auto error = words.finish())
    return error;
  auto group = context.find_group(name);
  if (!group)
    return std::move(group.error());
  auto found = context.ask<group_members>(*group, list_members{});
  if (!found)
    return std::move(found.error());
  table result;
  result.columns = {"client", "address", "language", "version", "last_seen"};
  for (const auto& x : found->members)
    result.rows.push_back(
      {x.client_id, x.address, x.language, x.version, time_text(x.last_seen)});
  if (result.rows.empty())
    result.note = "no consumer of " + name + " is online";
  return result;
}

void flag_option(arguments& words, std::string_view name, bool& target) {
  auto text = words.option(name);
  if (!text)
    return;
  if (*text != "true" && *text != "false")
    words.refuse("--" + std::string{name} + " is true or false");
  target = *text == "true";
}

void change(group_config& config, arguments& words) {
  config.retry_max_times = static_cast<std::int32_t>(
    words.number("retries", config.retry_max_times, 0, 1'000'000));
  flag_option(words, "enabled", config.consume_enable);
  flag_option(words, "orderly", config.consume_message_orderly);
  flag_option(words, "broadcast", config.consume_broadcast_enable);
}

answer put(admin_context& context, group_config config, const char* done) {
  auto name = config.name;
  auto stored = context.ask<directory_changed>(context.node().directory,
                                               update_group{config});
  if (!stored)
    return std::move(stored.error());
  auto result = fields_of({{"group", name},
                           {"enabled", config.consume_enable},
                           {"retries", config.retry_max_times},
                           {"orderly", config.consume_message_orderly},
                           {"broadcast", config.consume_broadcast_enable}});
  result.note = done;
  return result;
}

answer create(admin_context& context, arguments& words) {
  group_config config;
  change(config, words);
  config.name = words.required("GROUP");
  if (auto error = words.finish())
    return error;
  if (config_of(context, config.name))
    return make_error(errc::invalid_argument,
                      "group " + config.name
                        + " is there already; `group set` changes it");
  return put(context, std::move(config), "created");
}

answer set(admin_context& context, arguments& words) {
  auto given = words;
  group_config ignored;
  change(ignored, words);
  auto name = words.required("GROUP");
  if (auto error = words.finish())
    return error;
  auto config = config_of(context, name);
  if (!config)
    return std::move(config.error());
  auto before = *config;
  change(*config, given);
  if (*config == before)
    return make_error(errc::invalid_argument,
                      "nothing would change; say what, such as --retries 3");
  return put(context, std::move(*config), "changed");
}

answer remove(admin_context& context, arguments& words) {
  auto agreed = consent::of(words);
  auto keep = words.flag("keep-progress");
  auto name = words.required("GROUP");
  if (auto error = words.finish())
    return error;
  auto config = config_of(context, name);
  if (!config)
    return std::move(config.error());
  auto backlog = backlog_of(context, name);
  if (!backlog)
    return std::move(backlog.error());
  if (auto instead = agreed.instead_of(
        "delete group " + name + " with "
        + std::to_string(backlog->members.members.size())
        + " members online and "
        + (keep ? "keep its progress"
                : "the progress of " + std::to_string(backlog->queues.size())
                    + " queues")))
    return std::move(*instead);
  auto done = context.ask<directory_changed>(context.node().directory,
                                             delete_group{name, !keep});
  if (!done)
    return std::move(done.error());
  return note_of("deleted group " + name);
}

} // namespace

answer group(admin_context& context, arguments& words) {
  auto action = words.required("ACTION");
  if (action == "list")
    return list(context, words);
  if (action == "describe")
    return describe(context, words);
  if (action == "members")
    return members(context, words);
  if (action == "create")
    return create(context, words);
  if (action == "set")
    return set(context, words);
  if (action == "delete")
    return remove(context, words);
  return words.refuse_action(
    "group can list, describe, members, create, set, delete", action);
}

} // namespace troupe::verbs
