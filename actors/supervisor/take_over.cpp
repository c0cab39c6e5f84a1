#include "supervisor/take_over.hpp"

#include "remoting/bodies/group_bodies.hpp"
#include "remoting/bodies/topic_bodies.hpp"
#include "remoting/json_value.hpp"
#include "storage/file.hpp"
#include "storage/state_rows.hpp"

#include "troupe/log.hpp"
#include "troupe/model/names.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

namespace troupe {

namespace {

using storage::table;

constexpr std::string_view topics_version_key = "topics_version";
constexpr std::string_view groups_version_key = "groups_version";

/// Reads one file of config/, or what it was before, with `decode`.
template <class Decode>
auto read_config(const std::string& directory, const char* name, Decode decode,
                 moved_settings& moved)
  -> std::optional<std::decay_t<decltype(*decode(std::string_view{}))>> {
  for (const auto* suffix : {"", ".bak"}) {
    auto path = directory + "/config/" + name + suffix;
    if (!storage::path_exists(path))
      continue;
    auto text = storage::read_file(path);
    if (!text) {
      moved.notes.push_back(context_of(text.error()));
      continue;
    }
    auto decoded = decode(*text);
    if (decoded)
      return std::move(*decoded);
    moved.notes.push_back(path + ": " + context_of(decoded.error()));
  }
  return {};
}

data_version version_in(const std::string& directory, const char* name) {
  auto text = storage::read_file(directory + "/config/" + name);
  if (!text)
    return {};
  auto document = remoting::parse_json(remoting::with_quoted_keys(*text));
  const auto* version =
    document ? remoting::member_of(*document, "dataVersion") : nullptr;
  if (version == nullptr)
    return {};
  return {remoting::int64_of(*version, "stateVersion"),
          remoting::int64_of(*version, "timestamp"),
          remoting::int64_of(*version, "counter")};
}

/// What of a topic this node does not do.
void note_unserved(const topic_config& topic, moved_settings& moved) {
  for (const auto& [name, value] : topic.attributes)
    if ((name == "queue.type" && value == "BatchCQ")
        || (name == "cleanup.policy" && value == "COMPACTION"))
      moved.notes.push_back("topic " + topic.name + " has " + name + "=" + value
                            + ": its messages are kept as plain ones");
}

/// `topic@group`; none when it is not of that form.
std::optional<std::pair<std::string, std::string>>
split_progress_name(const std::string& name) {
  auto at = name.find('@');
  if (at == name.npos || at == 0 || at + 1 == name.size()
      || name.find('@', at + 1) != name.npos)
    return {};
  return std::pair{name.substr(0, at), name.substr(at + 1)};
}

void add_topics(const std::string& directory, moved_settings& moved,
                std::vector<storage::row_change>& rows) {
  auto topics =
    read_config(directory, "topics.json", remoting::decode_topic_table, moved);
  if (!topics)
    return;
  for (const auto& topic : *topics) {
    if (names::is_system_topic(topic.name))
      continue; // made by the node itself
    if (topic.name.empty() || topic.name.size() > limits::retry_topic_bytes_max
        || topic.name.find_first_of("/@") != topic.name.npos) {
      moved.notes.push_back("a topic has no usable name: " + topic.name);
      continue;
    }
    note_unserved(topic, moved);
    rows.push_back({table::topics, topic.name, storage::encode_topic(topic)});
    ++moved.topics;
  }
  rows.push_back(
    {table::meta, std::string{topics_version_key},
     storage::encode_version(version_in(directory, "topics.json"))});
}

void add_groups(const std::string& directory, moved_settings& moved,
                std::vector<storage::row_change>& rows) {
  auto groups = read_config(directory, "subscriptionGroup.json",
                            remoting::decode_group_table, moved);
  if (!groups)
    return;
  for (const auto& group : *groups) {
    if (group.name.empty() || group.name.size() > limits::group_bytes_max)
      continue;
    rows.push_back({table::groups, group.name, storage::encode_group(group)});
    ++moved.groups;
  }
  rows.push_back(
    {table::meta, std::string{groups_version_key},
     storage::encode_version(version_in(directory, "subscriptionGroup.json"))});
}

void add_progress(const std::string& directory, moved_settings& moved,
                  std::vector<storage::row_change>& rows) {
  if (auto offsets = read_config(directory, "consumerOffset.json",
                                 remoting::decode_offset_table, moved))
    for (const auto& [name, queues] : *offsets) {
      auto names = split_progress_name(name);
      if (!names) {
        moved.notes.push_back("progress of `" + name
                              + "` is not of the form topic@group");
        continue;
      }
      for (const auto& [queue, offset] : queues) {
        rows.push_back(
          {table::offsets,
           storage::encode_offset_key(names->second, {names->first, {queue}}),
           storage::encode_number(offset)});
        ++moved.offsets;
      }
    }
  if (auto levels = read_config(directory, "delayOffset.json",
                                remoting::decode_delay_table, moved))
    for (const auto& [level, offset] : *levels) {
      rows.push_back(
        {table::delays, std::to_string(level), storage::encode_number(offset)});
      ++moved.delay_levels;
    }
}

} // namespace

caf::expected<bool> has_no_settings(storage::lmdb& env) {
  std::size_t rows = 0;
  for (auto where : {table::topics, table::groups, table::offsets}) {
    auto damaged =
      env.for_each(where, [&](std::string_view, std::string_view) { ++rows; });
    if (!damaged)
      return std::move(damaged.error());
    rows += *damaged;
  }
  return rows == 0;
}

caf::expected<moved_settings>
take_over_settings(const std::string& data_directory, storage::lmdb& env) {
  moved_settings moved;
  if (!storage::path_exists(data_directory + "/config"))
    return moved;
  auto empty = has_no_settings(env);
  if (!empty)
    return std::move(empty.error());
  if (!*empty)
    return moved;
  std::vector<storage::row_change> rows;
  add_topics(data_directory, moved, rows);
  add_groups(data_directory, moved, rows);
  add_progress(data_directory, moved, rows);
  if (!rows.empty())
    if (auto error = env.write(rows))
      return error;
  for (const auto& note : moved.notes)
    log::warning("supervisor", "not taken over as it was").with("what", note);
  log::info("supervisor", "settings of Apache RocketMQ taken over")
    .with("directory", data_directory + "/config")
    .with("topics", moved.topics)
    .with("groups", moved.groups)
    .with("offsets", moved.offsets)
    .with("delay_levels", moved.delay_levels);
  return moved;
}

caf::expected<moved_settings>
hand_back_settings(const std::string& data_directory, storage::lmdb& env) {
  moved_settings moved;
  std::vector<topic_config> topics;
  std::vector<group_config> groups;
  std::map<std::string, std::map<std::int32_t, std::int64_t>> offsets;
  std::map<std::int32_t, std::int64_t> levels;
  data_version topics_version;
  data_version groups_version;
  auto read = [&](table where, auto&& take) -> caf::error {
    auto damaged = env.for_each(where, take);
    if (!damaged)
      return std::move(damaged.error());
    if (*damaged > 0)
      moved.notes.push_back(std::to_string(*damaged)
                            + " damaged rows are left out");
    return caf::none;
  };
  auto error = read(table::topics, [&](auto key, auto value) {
    if (auto topic = storage::decode_topic(key, value))
      topics.push_back(std::move(*topic));
  });
  if (!error)
    error = read(table::groups, [&](auto key, auto value) {
      if (auto group = storage::decode_group(key, value))
        groups.push_back(std::move(*group));
    });
  if (!error)
    error = read(table::offsets, [&](auto key, auto value) {
      auto queue = storage::decode_offset_key(key);
      auto offset = storage::decode_number(value);
      if (!queue || !offset)
        return;
      offsets[queue->second.topic + "@" + queue->first]
             [queue->second.queue.value] = *offset;
      ++moved.offsets;
    });
  if (!error)
    error = read(table::delays, [&](auto key, auto value) {
      std::int32_t level = 0;
      auto offset = storage::decode_number(value);
      auto [end, code] =
        std::from_chars(key.data(), key.data() + key.size(), level);
      if (offset && code == std::errc{})
        levels[level] = *offset;
    });
  if (!error)
    error = read(table::meta, [&](auto key, auto value) {
      auto version = storage::decode_version(value);
      if (version && key == topics_version_key)
        topics_version = *version;
      if (version && key == groups_version_key)
        groups_version = *version;
    });
  auto home = data_directory + "/config";
  if (!error)
    error = storage::make_directories(home);
  auto put = [&](const char* name, const std::string& text) {
    if (!error)
      error = storage::replace_file(home + "/" + name, text);
  };
  put("topics.json", remoting::encode_topic_table(topics_version, topics));
  put("subscriptionGroup.json",
      remoting::encode_group_table(groups_version, groups));
  put("consumerOffset.json", remoting::encode_offset_table(offsets));
  put("delayOffset.json", remoting::encode_delay_table(levels));
  if (error)
    return error;
  moved.topics = topics.size();
  moved.groups = groups.size();
  moved.delay_levels = levels.size();
  return moved;
}

caf::expected<std::vector<std::string>>
topics_from_queues(const std::string& data_directory, storage::lmdb& env) {
  std::vector<std::string> found;
  std::vector<storage::row_change> rows;
  auto home = data_directory + "/consumequeue";
  auto topics = storage::list_directory(home);
  if (!topics)
    return std::move(topics.error());
  for (const auto& name : *topics) {
    if (names::is_system_topic(name))
      continue;
    topic_config topic;
    topic.name = name;
    topic.read_queues = 0;
    auto queues = storage::list_directory(home + "/" + name);
    if (!queues)
      return std::move(queues.error());
    for (const auto& queue : *queues) {
      std::int32_t id = -1;
      auto [end, code] =
        std::from_chars(queue.data(), queue.data() + queue.size(), id);
      if (code == std::errc{} && id >= 0 && id < limits::queues_per_topic_max)
        topic.read_queues = std::max(topic.read_queues, id + 1);
    }
    if (topic.read_queues == 0)
      continue;
    topic.write_queues = topic.read_queues;
    rows.push_back({table::topics, name, storage::encode_topic(topic)});
    found.push_back(name);
  }
  if (!rows.empty())
    if (auto error = env.write(rows))
      return error;
  return found;
}

} // namespace troupe
