#include "storage/state_rows.hpp"

#include "storage/big_endian.hpp"

#include <map>

namespace troupe::storage {

namespace {

/// Appends numbers and texts one after the other.
class row_writer {
public:
  template <class Number>
  row_writer& number(Number value) {
    bytes_.resize(bytes_.size() + sizeof value);
    store(bytes_.data() + bytes_.size() - sizeof value, value);
    return *this;
  }

  row_writer& flag(bool value) { return number(std::uint8_t{value}); }

  row_writer& text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes_ += value;
    return *this;
  }

  row_writer& map(const std::map<std::string, std::string>& values) {
    number(static_cast<std::uint32_t>(values.size()));
    for (const auto& [name, value] : values)
      text(name).text(value);
    return *this;
  }

  std::string take() { return std::move(bytes_); }

private:
  std::string bytes_;
};

/// Reads them back; anything short makes it bad.
class row_reader {
public:
  explicit row_reader(std::string_view bytes) : bytes_(bytes) {}

  template <class Number>
  row_reader& number(Number& value) {
    if (take(sizeof value))
      value = load<Number>(taken_.data());
    return *this;
  }

  row_reader& flag(bool& value) {
    std::uint8_t byte = 0;
    number(byte);
    value = byte != 0;
    return *this;
  }

  row_reader& text(std::string& value) {
    std::uint32_t size = 0;
    number(size);
    if (take(size))
      value = taken_;
    return *this;
  }

  row_reader& map(std::map<std::string, std::string>& values) {
    std::uint32_t count = 0;
    number(count);
    for (std::uint32_t i = 0; good_ && i < count; ++i) {
      std::string name;
      std::string value;
      text(name).text(value);
      values.emplace(std::move(name), std::move(value));
    }
    return *this;
  }

  bool good() const { return good_; }

private:
  bool take(std::size_t size) {
    good_ = good_ && bytes_.size() >= size;
    if (!good_)
      return false;
    taken_ = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return true;
  }

  std::string_view bytes_;
  std::string_view taken_;
  bool good_ = true;
};

} // namespace

std::string encode_topic(const topic_config& topic) {
  return row_writer{}
    .number(topic.read_queues)
    .number(topic.write_queues)
    .number(topic.perm)
    .number(static_cast<std::uint8_t>(topic.filter_type))
    .number(topic.sys_flag)
    .flag(topic.order)
    .map(topic.attributes)
    .take();
}

std::optional<topic_config> decode_topic(std::string_view name,
                                         std::string_view value) {
  topic_config topic;
  topic.name = name;
  std::uint8_t filter = 0;
  row_reader row{value};
  row.number(topic.read_queues)
    .number(topic.write_queues)
    .number(topic.perm)
    .number(filter)
    .number(topic.sys_flag)
    .flag(topic.order)
    .map(topic.attributes);
  topic.filter_type =
    filter == 0 ? topic_filter_type::single_tag : topic_filter_type::multi_tag;
  return row.good() ? std::optional{topic} : std::nullopt;
}

std::string encode_group(const group_config& group) {
  return row_writer{}
    .flag(group.consume_enable)
    .flag(group.consume_from_min_enable)
    .flag(group.consume_broadcast_enable)
    .flag(group.consume_message_orderly)
    .number(group.retry_queues)
    .number(group.retry_max_times)
    .text(group.retry_policy)
    .number(group.broker_id)
    .number(group.broker_id_when_slow)
    .flag(group.notify_ids_changed)
    .number(group.sys_flag)
    .number(group.consume_timeout_minutes)
    .map(group.attributes)
    .take();
}

std::optional<group_config> decode_group(std::string_view name,
                                         std::string_view value) {
  group_config group;
  group.name = name;
  row_reader row{value};
  row.flag(group.consume_enable)
    .flag(group.consume_from_min_enable)
    .flag(group.consume_broadcast_enable)
    .flag(group.consume_message_orderly)
    .number(group.retry_queues)
    .number(group.retry_max_times)
    .text(group.retry_policy)
    .number(group.broker_id)
    .number(group.broker_id_when_slow)
    .flag(group.notify_ids_changed)
    .number(group.sys_flag)
    .number(group.consume_timeout_minutes)
    .map(group.attributes);
  return row.good() ? std::optional{group} : std::nullopt;
}

std::string encode_offset_key(std::string_view group, const queue_key& queue) {
  std::string key{group};
  key.append(1, '\0').append(queue.topic).append(1, '\0');
  return key + encode_number(queue.queue.value).substr(4);
}

std::optional<std::pair<std::string, queue_key>>
decode_offset_key(std::string_view key) {
  auto first = key.find('\0');
  if (first == key.npos)
    return {};
  auto second = key.find('\0', first + 1);
  if (second == key.npos || key.size() != second + 5)
    return {};
  queue_key queue{std::string{key.substr(first + 1, second - first - 1)},
                  {load<std::int32_t>(key.data() + second + 1)}};
  return std::pair{std::string{key.substr(0, first)}, std::move(queue)};
}

std::string encode_deadline_key(deadline_kind kind, const deadline_key& key) {
  return row_writer{}
    .number(static_cast<std::uint8_t>(kind))
    .number(key.due.value)
    .number(key.id)
    .take();
}

std::string encode_deadline_id(deadline_kind kind, std::int64_t id) {
  return row_writer{}.number(static_cast<std::uint8_t>(kind)).number(id).take();
}

std::optional<std::int64_t> decode_deadline_id(deadline_kind kind,
                                               std::string_view key) {
  std::uint8_t number = 0;
  std::int64_t id = 0;
  row_reader name{key};
  name.number(number).number(id);
  if (!name.good() || number != static_cast<std::uint8_t>(kind))
    return {};
  return id;
}

std::string encode_deadline(const deadline& row) {
  return row_writer{}.number(row.position.value).number(row.count).take();
}

std::optional<deadline> decode_deadline(deadline_kind kind,
                                        std::string_view key,
                                        std::string_view value) {
  deadline row;
  std::uint8_t number = 0;
  row_reader name{key};
  name.number(number).number(row.key.due.value).number(row.key.id);
  row_reader content{value};
  content.number(row.position.value).number(row.count);
  if (!name.good() || !content.good()
      || number != static_cast<std::uint8_t>(kind))
    return {};
  return row;
}

std::string encode_number(std::int64_t value) {
  return row_writer{}.number(value).take();
}

std::optional<std::int64_t> decode_number(std::string_view value) {
  if (value.size() < 8)
    return {};
  return load<std::int64_t>(value.data());
}

std::string encode_delivered(const delivered_offsets& delivered) {
  row_writer row;
  row.number(delivered.next().value)
    .number(static_cast<std::uint32_t>(delivered.beyond().size()));
  for (const auto& [first, end] : delivered.beyond())
    row.number(first.value).number(end.value);
  return row.take();
}

std::optional<delivered_offsets> decode_delivered(std::string_view value) {
  auto next = decode_number(value);
  if (!next)
    return {};
  delivered_offsets result{{*next}};
  if (value.size() == sizeof *next)
    return result;
  std::uint32_t count = 0;
  row_reader row{value.substr(sizeof *next)};
  row.number(count);
  for (std::uint32_t i = 0; row.good() && i < count; ++i) {
    queue_offset first;
    queue_offset end;
    row.number(first.value).number(end.value);
    if (row.good())
      result.add(first, end);
  }
  return row.good() ? std::optional{std::move(result)} : std::nullopt;
}

std::string encode_version(const data_version& version) {
  return row_writer{}
    .number(version.state_version)
    .number(version.timestamp)
    .number(version.counter)
    .take();
}

std::optional<data_version> decode_version(std::string_view value) {
  data_version version;
  row_reader row{value};
  row.number(version.state_version)
    .number(version.timestamp)
    .number(version.counter);
  return row.good() ? std::optional{version} : std::nullopt;
}

std::string encode_setting_key(std::string_view ns, std::string_view name) {
  return std::string{ns}.append(1, '\0').append(name);
}

std::optional<std::pair<std::string, std::string>>
decode_setting_key(std::string_view key) {
  auto middle = key.find('\0');
  if (middle == key.npos)
    return {};
  return std::pair{std::string{key.substr(0, middle)},
                   std::string{key.substr(middle + 1)}};
}

std::string encode_lease_key(const lease_key& key) {
  return encode_offset_key(key.queue.group, key.queue.queue)
         + encode_number(key.start.value) + encode_number(key.pop_time.value);
}

std::string encode_lease(const lease_row& lease) {
  row_writer row;
  row.number(lease.invisible_ms)
    .number(lease.revive_queue)
    .text(lease.attempt)
    .number(static_cast<std::uint32_t>(lease.messages.size()));
  for (const auto& message : lease.messages)
    row.number(message.offset.value)
      .flag(message.acked)
      .number(message.visible.value)
      .number(message.consumed);
  return row.take();
}

std::optional<lease_row> decode_lease(std::string_view key,
                                      std::string_view value) {
  constexpr std::size_t times = 16; // start and pop time, 8 bytes each
  if (key.size() < times)
    return {};
  auto queue = decode_offset_key(key.substr(0, key.size() - times));
  if (!queue)
    return {};
  const auto* tail = key.data() + key.size() - times;
  lease_row lease;
  lease.key = {{queue->first, queue->second},
               {load<std::int64_t>(tail)},
               {load<std::int64_t>(tail + 8)}};
  std::uint32_t count = 0;
  row_reader row{value};
  row.number(lease.invisible_ms)
    .number(lease.revive_queue)
    .text(lease.attempt)
    .number(count);
  for (std::uint32_t i = 0; row.good() && i < count; ++i) {
    leased_message message;
    row.number(message.offset.value)
      .flag(message.acked)
      .number(message.visible.value)
      .number(message.consumed);
    lease.messages.push_back(message);
  }
  return row.good() ? std::optional{lease} : std::nullopt;
}

std::string encode_request_mode_key(const request_mode& mode) {
  return encode_setting_key(mode.topic, mode.group);
}

std::string encode_request_mode(const request_mode& mode) {
  return row_writer{}.flag(mode.pop).number(mode.share_queues).take();
}

std::optional<request_mode> decode_request_mode(std::string_view key,
                                                std::string_view value) {
  auto names = decode_setting_key(key);
  if (!names)
    return {};
  request_mode mode;
  mode.topic = names->first;
  mode.group = names->second;
  row_reader row{value};
  row.flag(mode.pop).number(mode.share_queues);
  return row.good() ? std::optional{mode} : std::nullopt;
}

std::string
encode_spawned(std::string_view type,
               const std::vector<std::pair<std::string, std::string>>& values) {
  row_writer row;
  row.text(type).number(static_cast<std::uint32_t>(values.size()));
  for (const auto& [name, value] : values)
    row.text(name).text(value);
  return row.take();
}

std::optional<
  std::pair<std::string, std::vector<std::pair<std::string, std::string>>>>
decode_spawned(std::string_view value) {
  std::pair<std::string, std::vector<std::pair<std::string, std::string>>>
    result;
  std::uint32_t count = 0;
  row_reader row{value};
  row.text(result.first).number(count);
  for (std::uint32_t i = 0; row.good() && i < count; ++i) {
    auto& [name, text] = result.second.emplace_back();
    row.text(name).text(text);
  }
  return row.good() ? std::optional{std::move(result)} : std::nullopt;
}

std::string encode_kept_setting(const kept_setting& setting) {
  row_writer row;
  row.text(setting.value).text(setting.configured);
  return row.take();
}

std::optional<kept_setting> decode_kept_setting(std::string_view key,
                                                std::string_view value) {
  kept_setting setting;
  setting.key = key;
  row_reader row{value};
  row.text(setting.value).text(setting.configured);
  return row.good() ? std::optional{std::move(setting)} : std::nullopt;
}

std::string custom_key_prefix(std::string_view name) {
  return std::string{name}.append(1, '\0');
}

std::string encode_custom_state_key(std::string_view name,
                                    std::string_view key) {
  return custom_key_prefix(name).append(1, 's').append(key);
}

std::string encode_custom_progress_key(std::string_view name,
                                       const queue_key& queue) {
  return custom_key_prefix(name).append(1, 'p').append(
    encode_offset_key({}, queue));
}

std::optional<queue_key> decode_custom_progress_key(std::string_view rest) {
  if (rest.empty() || rest.front() != 'p')
    return {};
  auto found = decode_offset_key(rest.substr(1));
  return found ? std::optional{std::move(found->second)} : std::nullopt;
}

} // namespace troupe::storage
