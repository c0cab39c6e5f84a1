#include "transaction_coordinator/half_record.hpp"

#include "troupe/model/hash.hpp"
#include "troupe/model/message_id.hpp"
#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"
#include "troupe/model/transactions.hpp"

#include <algorithm>

namespace troupe {

namespace {

using storage::record_view;

std::string text_naming(const record_view& half) {
  return properties::with(half.properties, properties::prepared_queue_offset,
                          std::to_string(half.offset.value));
}

} // namespace

placed_row committed_row(const record_view& half, const delay_levels& delays) {
  auto text = text_naming(half);
  auto result = placed_as_real(half, text);
  result.row.sys_flag |= storage::sys_flag_commit;
  result.row.prepared_offset = half.position;
  auto level = number_in(properties::find(text, properties::delay));
  if (level > 0) {
    level = std::min(level, delays.count());
    result.topic = names::schedule_topic;
    result.queue = level - 1;
    result.row.due_after_ms = delays.delay_ms(level);
  }
  return result;
}

placed_row discarded_row(const record_view& half, std::int32_t checks) {
  auto text = properties::with(text_naming(half), properties::check_times,
                               std::to_string(checks));
  return {std::string{names::check_max_topic}, 0, row_again(half, text)};
}

placed_row resumed_row(const record_view& discarded) {
  auto text = properties::without(discarded.properties,
                                  properties::prepared_queue_offset);
  text = properties::with(text, properties::check_times, "0");
  text = properties::with(text, properties::resumed_from,
                          std::to_string(discarded.position.value));
  return {std::string{names::half_topic}, 0, row_again(discarded, text)};
}

placed_row mark_row(std::string_view offsets, epoch_ms now) {
  append_row row;
  std::string text;
  properties::append(text, properties::tags, "d");
  row.properties = payload::copy_of(text);
  row.text = property_text::complete;
  row.tags_code = tags_code("d");
  row.body = payload::copy_of(offsets);
  row.born_time = now;
  return {std::string{names::half_op_topic}, 0, std::move(row)};
}

remoting::command check_request(const record_view& half, std::int32_t checks,
                                const std::string& broker_name) {
  auto text = properties::with(half.properties, properties::check_times,
                               std::to_string(checks));
  auto topic = properties::find(text, properties::real_topic);
  storage::record_draft draft;
  draft.topic = topic;
  draft.body = half.body;
  draft.properties = text;
  draft.queue = {number_in(properties::find(text, properties::real_queue_id))};
  draft.offset = half.offset;
  draft.flag = half.flag;
  draft.sys_flag = half.sys_flag;
  draft.reconsume_times = half.reconsume_times;
  draft.born_time = half.born_time;
  draft.born_host = half.born_host;
  draft.store_time = half.store_time;
  draft.store_host = half.store_host;
  std::string body(storage::record_size(draft), '\0');
  storage::encode_record(draft, half.position, body.size(), body.data());
  std::string key{properties::find(text, properties::unique_key)};
  auto result =
    remoting::make_request(remoting::request_code::check_transaction_state);
  result.flag = remoting::flag_oneway;
  result.fields = {
    {"topic", std::string{names::half_topic}},
    {"tranStateTableOffset", std::to_string(half.offset.value)},
    {"commitLogOffset", std::to_string(half.position.value)},
    {"msgId", key},
    {"transactionId", key},
    {"offsetMsgId", offset_message_id(half.store_host, half.position)},
    {"bname", broker_name}};
  result.body = payload::copy_of(body);
  return result;
}

check_transaction responder_question(const record_view& half,
                                     std::int32_t checks) {
  auto text = properties::with(half.properties, properties::check_times,
                               std::to_string(checks));
  check_transaction result;
  result.topic =
    payload::copy_of(properties::find(text, properties::real_topic));
  result.body = payload::copy_of(half.body);
  result.queue = number_in(properties::find(text, properties::real_queue_id));
  result.properties = payload::copy_of(text);
  result.half = half.offset;
  result.flag = half.flag;
  result.sys_flag = half.sys_flag;
  result.reconsume_times = half.reconsume_times;
  result.born_time = half.born_time;
  result.store_time = half.store_time;
  return result;
}

} // namespace troupe
