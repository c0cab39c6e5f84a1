#include "pop/popped_message.hpp"

#include "troupe/actor/row_properties.hpp"
#include "troupe/model/properties.hpp"

#include <charconv>
#include <string>

namespace troupe {

namespace {

append_row row_of(const storage::record_view& record, std::string_view text) {
  append_row row;
  set_properties(row, text, property_text::complete);
  row.body = payload::copy_of(record.body);
  row.flag = record.flag;
  row.sys_flag = record.sys_flag & ~storage::sys_flag_transaction;
  row.reconsume_times = record.reconsume_times + 1;
  row.born_time = record.born_time;
  row.born_host = record.born_host;
  row.store_host = record.store_host;
  return row;
}

std::string with_lease(const storage::record_view& record,
                       const lease_key& lease) {
  const auto& queue = lease.queue.queue;
  return properties::with(record.properties, lease_property,
                          queue.topic + ' ' + std::to_string(queue.queue.value)
                            + ' ' + std::to_string(lease.start.value) + ' '
                            + std::to_string(lease.pop_time.value) + ' '
                            + std::to_string(record.offset.value));
}

} // namespace

std::optional<copied_message> copied_from(const storage::record_view& record,
                                          const std::string& group) {
  auto text = properties::find(record.properties, lease_property);
  copied_message result;
  auto& queue = result.lease.queue.queue;
  result.lease.queue.group = group;
  auto topic_end = text.find(' ');
  if (topic_end == text.npos)
    return {};
  queue.topic = text.substr(0, topic_end);
  const auto* at = text.data() + topic_end;
  const auto* end = text.data() + text.size();
  auto read = [&at, end](auto& value) {
    if (at == end || *at != ' ')
      return false;
    auto [stop, code] = std::from_chars(at + 1, end, value);
    at = stop;
    return code == std::errc{};
  };
  if (!read(queue.queue.value) || !read(result.lease.start.value)
      || !read(result.lease.pop_time.value) || !read(result.offset.value)
      || at != end)
    return {};
  return result;
}

void append_as_normal(std::string& records, const storage::record_view& record,
                      std::string_view topic, const pop_receipt& receipt) {
  auto text =
    properties::with(properties::without(record.properties, lease_property),
                     properties::pop_receipt, to_string(receipt));
  storage::record_draft draft;
  draft.topic = topic;
  draft.body = record.body;
  draft.properties = text;
  draft.queue = record.queue;
  draft.offset = record.offset;
  draft.flag = record.flag;
  draft.sys_flag = record.sys_flag;
  draft.reconsume_times = record.reconsume_times;
  draft.born_time = record.born_time;
  draft.born_host = record.born_host;
  draft.store_time = record.store_time;
  draft.store_host = record.store_host;
  draft.prepared_offset = record.prepared_offset;
  auto size = storage::record_size(draft);
  auto at = records.size();
  records.resize(at + size);
  storage::encode_record(draft, record.position, size, records.data() + at);
}

append_row revived(const storage::record_view& record, const lease_key& lease) {
  auto text = with_lease(record, lease);
  if (properties::find(text, properties::first_pop_time).empty())
    properties::append(text, properties::first_pop_time,
                       std::to_string(lease.pop_time.value));
  return row_of(record, text);
}

append_row dead_letter(const storage::record_view& record,
                       const lease_key& lease, std::string_view topic) {
  auto text = properties::with(with_lease(record, lease),
                               properties::dlq_origin_topic, topic);
  if (properties::find(text, properties::retry_topic).empty())
    text = properties::with(text, properties::retry_topic, topic);
  auto id = std::string{properties::find(text, properties::unique_key)};
  if (!id.empty())
    text = properties::with(text, properties::dlq_origin_id, id);
  return row_of(record, text);
}

} // namespace troupe
