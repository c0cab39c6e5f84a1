/// topic: list, describe, create, set, delete.
#include "admin/confirm.hpp"
#include "admin/texts.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include "troupe/model/names.hpp"

#include <algorithm>

namespace troupe::verbs {

namespace {

/// Messages that all queues hold now.
caf::expected<std::int64_t> messages_of(admin_context& context,
                                        const topic_view& view) {
  auto ranges = context.ranges_of(view);
  if (!ranges)
    return std::move(ranges.error());
  std::int64_t sum = 0;
  for (const auto& range : *ranges)
    sum += range.max - range.min;
  return sum;
}

answer list(admin_context& context, arguments& words) {
  auto everything = words.flag("all");
  if (auto error = words.finish())
    return error;
  auto topics =
    context.ask<topic_list>(context.node().directory, list_topics{});
  if (!topics)
    return std::move(topics.error());
  table result;
  result.columns = {"topic", "read_queues", "write_queues", "perm", "order"};
  std::size_t hidden = 0;
  for (const auto& x : topics->topics) {
    if (!everything && names::is_system_topic(x.name)) {
      ++hidden;
      continue;
    }
    if (result.rows.size() == limits::admin_rows_max) {
      result.note = "there are more topics; only the first are shown";
      return result;
    }
    result.rows.push_back(
      {x.name, x.read_queues, x.write_queues, perm_text(x.perm), x.order});
  }
  if (hidden > 0)
    result.note = std::to_string(hidden)
                  + " topics of the broker itself are left out; --all lists "
                    "them";
  return result;
}

answer describe(admin_context& context, arguments& words) {
  auto name = words.required("TOPIC");
  if (auto error = words.finish())
    return error;
  auto view = context.find_topic(name);
  if (!view)
    return std::move(view.error());
  auto messages = messages_of(context, *view);
  if (!messages)
    return std::move(messages.error());
  const auto& x = *view->config;
  auto result = fields_of({{"topic", x.name},
                           {"messages", *messages},
                           {"read_queues", x.read_queues},
                           {"write_queues", x.write_queues},
                           {"perm", perm_text(x.perm)},
                           {"order", x.order},
                           {"sys_flag", x.sys_flag}});
  for (const auto& [key, value] : x.attributes) {
    result.columns.push_back(key);
    result.rows.front().emplace_back(value);
  }
  return result;
}

std::int32_t perm_of(arguments& words, std::int32_t absent) {
  auto text = words.option("perm");
  if (!text)
    return absent;
  std::int32_t perm = absent & permission::inherit;
  for (char c : *text)
    if (c == 'r')
      perm |= permission::read;
    else if (c == 'w')
      perm |= permission::write;
    else if (c != '-')
      words.refuse("--perm: `" + *text + "`; write r, w, rw or -");
  return perm;
}

/// Takes what `create` and `set` can be told into `config`.
void change(topic_config& config, arguments& words) {
  auto queues = words.number("queues", 0, 1, limits::queues_per_topic_max);
  if (queues > 0)
    config.read_queues = config.write_queues =
      static_cast<std::int32_t>(queues);
  config.read_queues = static_cast<std::int32_t>(words.number(
    "read-queues", config.read_queues, 0, limits::queues_per_topic_max));
  config.write_queues = static_cast<std::int32_t>(words.number(
    "write-queues", config.write_queues, 0, limits::queues_per_topic_max));
  config.perm = perm_of(words, config.perm);
  if (auto order = words.option("order")) {
    if (*order != "true" && *order != "false")
      words.refuse("--order is true or false");
    config.order = *order == "true";
  }
  for (const auto& pair : words.all("attribute")) {
    auto equals = pair.find('=');
    if (equals == pair.npos || equals == 0)
      words.refuse("--attribute is KEY=VALUE, not `" + pair + "`");
    else
      config.attributes[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
}

answer create(admin_context& context, arguments& words) {
  topic_config config;
  change(config, words);
  config.name = words.required("TOPIC");
  if (auto error = words.finish())
    return error;
  auto known = context.ask<topic_list>(context.node().directory, list_topics{});
  if (!known)
    return std::move(known.error());
  if (std::ranges::any_of(known->topics,
                          [&](const auto& x) { return x.name == config.name; }))
    return make_error(errc::invalid_argument,
                      "topic " + config.name
                        + " is there already; `topic set` changes it");
  auto name = config.name;
  auto queues = config.write_queues;
  auto done = context.ask<directory_changed>(context.node().directory,
                                             update_topic{std::move(config)});
  if (!done)
    return std::move(done.error());
  auto result = fields_of({{"topic", name}, {"queues", queues}});
  result.note = "created";
  return result;
}

answer set(admin_context& context, arguments& words) {
  // The settings that it has are needed to change some of them.
  auto given = words;
  topic_config ignored;
  change(ignored, words);
  auto name = words.required("TOPIC");
  if (auto error = words.finish())
    return error;
  auto view = context.find_topic(name);
  if (!view)
    return std::move(view.error());
  auto config = *view->config;
  change(config, given);
  if (config == *view->config)
    return make_error(errc::invalid_argument,
                      "nothing would change; say what, such as --queues 8");
  auto done = context.ask<directory_changed>(context.node().directory,
                                             update_topic{config});
  if (!done)
    return std::move(done.error());
  auto result = fields_of({{"topic", config.name},
                           {"read_queues", config.read_queues},
                           {"write_queues", config.write_queues},
                           {"perm", perm_text(config.perm)},
                           {"order", config.order}});
  result.note = "changed";
  return result;
}

answer remove(admin_context& context, arguments& words) {
  auto agreed = consent::of(words);
  auto name = words.required("TOPIC");
  if (auto error = words.finish())
    return error;
  auto view = context.find_topic(name);
  if (!view)
    return std::move(view.error());
  auto messages = messages_of(context, *view);
  if (!messages)
    return std::move(messages.error());
  if (auto instead = agreed.instead_of(
        "delete topic " + name + " with " + std::to_string(view->queues.size())
        + " queues and " + std::to_string(*messages)
        + " messages, and the progress of its groups"))
    return std::move(*instead);
  auto done = context.ask<directory_changed>(context.node().directory,
                                             delete_topic{name});
  if (!done)
    return std::move(done.error());
  return note_of("deleted topic " + name);
}

} // namespace

answer topic(admin_context& context, arguments& words) {
  auto action = words.required("ACTION");
  if (action == "list")
    return list(context, words);
  if (action == "describe")
    return describe(context, words);
  if (action == "create")
    return create(context, words);
  if (action == "set")
    return set(context, words);
  if (action == "delete")
    return remove(context, words);
  return words.refuse_action("topic can list, describe, create, set, delete",
                             action);
}

} // namespace troupe::verbs
