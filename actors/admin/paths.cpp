#include "admin/paths.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace troupe {

namespace {

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    auto slash = path.find('/');
    if (auto part = path.substr(0, slash); !part.empty())
      parts.push_back(part);
    path = slash == path.npos ? std::string_view{} : path.substr(slash + 1);
  }
  return parts;
}

caf::error no_such(std::string_view path) {
  return make_error(errc::path_not_found, "no actor is at " + std::string{path}
                                            + "; `ls /` lists what there is");
}

caf::expected<place> queue_place(const std::vector<std::string_view>& parts,
                                 place result) {
  result.kind = place_kind::queues;
  result.name = parts[1];
  if (parts.size() == 2)
    return result;
  auto number = parts[2];
  auto [end, code] = std::from_chars(
    number.data(), number.data() + number.size(), result.queue.value);
  if (parts.size() > 3 || code != std::errc{}
      || end != number.data() + number.size() || result.queue.value < 0)
    return no_such(result.path);
  result.kind = place_kind::queue;
  return result;
}

/// Paths that others have registered: this one, or a folder on the way to one.
caf::expected<place> registered_place(const admin_context& context,
                                      place result) {
  const auto& paths = context.paths();
  if (auto found = paths.find(result.path); found != paths.end()) {
    result.kind = place_kind::registered;
    result.registered = &found->second;
    return result;
  }
  auto below = paths.lower_bound(result.path + "/");
  if (below == paths.end() || !below->first.starts_with(result.path + "/"))
    return no_such(result.path);
  result.kind = place_kind::folder;
  return result;
}

using entries = std::vector<path_entry>;

std::string count_of(std::size_t number, const char* what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

void add_registered(const admin_context& context, const std::string& below,
                    entries& to) {
  auto prefix = below == "/" ? below : below + "/";
  std::set<std::string> seen;
  for (const auto& [path, entry] : context.paths()) {
    if (!path.starts_with(prefix))
      continue;
    auto end = path.find('/', prefix.size());
    auto child = path.substr(0, end);
    if (!seen.insert(child).second)
      continue;
    auto exact = context.paths().find(child);
    if (exact == context.paths().end())
      to.push_back({child, "folder", ""});
    else
      to.push_back({child, exact->second.kind, ""});
  }
}

caf::expected<entries> list_topics_below(admin_context& context,
                                         const char* folder) {
  auto list = context.ask<topic_list>(context.node().directory, list_topics{});
  if (!list)
    return std::move(list.error());
  entries result;
  auto queues = std::string_view{folder} == "/queue";
  for (const auto& topic : list->topics) {
    auto count =
      static_cast<std::size_t>(std::max(topic.read_queues, topic.write_queues));
    result.push_back({std::string{folder} + "/" + topic.name,
                      queues ? "folder" : "topic", count_of(count, "queue")});
  }
  return result;
}

caf::expected<entries> list_groups_below(admin_context& context) {
  auto list = context.ask<group_list>(context.node().directory, list_groups{});
  if (!list)
    return std::move(list.error());
  entries result;
  for (const auto& group : list->groups)
    result.push_back(
      {"/group/" + group.name, "group", group.consume_enable ? "" : "paused"});
  return result;
}

caf::expected<entries> list_producers_below(admin_context& context) {
  auto list =
    context.ask<producer_list>(context.node().directory, list_producers{});
  if (!list)
    return std::move(list.error());
  entries result;
  for (const auto& group : list->groups)
    result.push_back({"/producer/" + group, "producer", ""});
  return result;
}

caf::expected<entries> list_queues_below(admin_context& context,
                                         const std::string& topic) {
  auto view = context.find_topic(topic);
  if (!view)
    return std::move(view.error());
  entries result;
  for (std::size_t i = 0; i < view->queues.size(); ++i)
    result.push_back(
      {"/queue/" + topic + "/" + std::to_string(i), "queue", ""});
  return result;
}

caf::expected<entries> list_root(admin_context& context) {
  entries result;
  if (context.node().directory) {
    result.push_back({"/topic", "folder", "topics by name"});
    result.push_back({"/queue", "folder", "queues by topic and number"});
    result.push_back({"/group", "folder", "consumer groups by name"});
    result.push_back(
      {"/producer", "folder", "producer groups that are online"});
  }
  if (context.node().custom)
    result.push_back({"/custom", "folder", "custom actors by name"});
  for (const auto& member : context.node().cast)
    result.push_back({member.path, member.kind, member.where});
  add_registered(context, "/", result);
  return result;
}

caf::expected<entries> list_custom_below(admin_context& context) {
  auto list = context.ask<custom_list>(context.node().custom, list_custom{});
  if (!list)
    return std::move(list.error());
  entries result;
  for (const auto& x : list->actors)
    result.push_back({"/custom/" + x.spec.name, "custom",
                      x.spec.type + ", " + to_string(x.state)});
  add_registered(context, "/custom", result);
  return result;
}

caf::expected<entries> list_connections_below(admin_context& context) {
  auto list =
    context.ask<connection_list>(context.node().gateway, list_connections{});
  if (!list)
    return std::move(list.error());
  entries result;
  for (const auto& x : list->rows)
    result.push_back({"/gateway/" + x.address, "connection", x.client_id});
  return result;
}

caf::expected<entries> list_folder(admin_context& context, const place& at) {
  if (at.path == "/topic" || at.path == "/queue")
    return list_topics_below(context, at.path.c_str());
  if (at.path == "/group")
    return list_groups_below(context);
  if (at.path == "/producer")
    return list_producers_below(context);
  if (at.path == "/custom" && context.node().custom)
    return list_custom_below(context);
  entries result;
  add_registered(context, at.path, result);
  return result;
}

} // namespace

caf::expected<place> find_place(const admin_context& context,
                                std::string_view path) {
  auto parts = split(path);
  place result;
  result.path = "/";
  if (parts.empty())
    return result;
  result.path.clear();
  for (auto part : parts)
    result.path.append("/").append(part);
  auto root = parts.front();
  if (context.node().directory) {
    auto is_folder = root == "topic" || root == "queue" || root == "group"
                     || root == "producer";
    if (is_folder && parts.size() == 1) {
      result.kind = place_kind::folder;
      return result;
    }
    if (root == "queue")
      return queue_place(parts, std::move(result));
    if (is_folder) {
      if (parts.size() > 2)
        return no_such(result.path);
      result.name = parts[1];
      result.kind = root == "topic"   ? place_kind::topic
                    : root == "group" ? place_kind::group
                                      : place_kind::producer;
      return result;
    }
  }
  if (context.node().custom && root == "custom" && parts.size() <= 2
      && !context.paths().contains(result.path)) {
    result.kind = parts.size() == 1 ? place_kind::folder : place_kind::custom;
    if (parts.size() == 2)
      result.name = parts[1];
    return result;
  }
  if (context.node().gateway && root == "gateway" && parts.size() == 2) {
    result.kind = place_kind::connection;
    result.name = parts[1];
    return result;
  }
  auto member =
    std::ranges::find_if(context.node().cast, [&](const cast_member& x) {
      return x.path == result.path;
    });
  if (member != context.node().cast.end()) {
    result.kind = place_kind::member;
    result.member = &*member;
    return result;
  }
  return registered_place(context, std::move(result));
}

caf::expected<entries> list_below(admin_context& context, const place& at,
                                  std::size_t limit) {
  auto list = [&]() -> caf::expected<entries> {
    switch (at.kind) {
      case place_kind::root:
        return list_root(context);
      case place_kind::folder:
        return list_folder(context, at);
      case place_kind::topic:
      case place_kind::queues:
        return list_queues_below(context, at.name);
      case place_kind::queue:
      case place_kind::group:
      case place_kind::producer:
      case place_kind::custom:
      case place_kind::connection:
        return entries{};
      case place_kind::member:
        if (at.path == "/gateway")
          return list_connections_below(context);
        return entries{};
      case place_kind::registered: {
        entries result;
        add_registered(context, at.path, result);
        return result;
      }
    }
    return entries{};
  }();
  if (list && list->size() > limit)
    list->resize(limit);
  return list;
}

} // namespace troupe
