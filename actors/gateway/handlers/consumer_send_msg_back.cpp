/// CONSUMER_SEND_MSG_BACK: a message could not be consumed. It comes again in
/// the group's retry topic after a delay, or ends as a dead letter.
/// Sheets remoting 3.11, semantics 10.
#include "gateway/handlers/topic_queue.hpp"
#include "gateway/sending.hpp"
#include "storage/record.hpp"

#include "troupe/model/message_id.hpp"
#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"

namespace troupe::handlers {

namespace {

struct send_back {
  caller from;
  std::string group;
  log_offset position;
  std::int32_t delay_level = 0;
  std::int32_t max_times = -1; ///< -1: the group's
  host store_host;
};

void store_again(gateway_context& context, const send_back& wish,
                 const group_config& group, const record_bytes& found) {
  auto record = storage::decode_record(found.records.front().view(),
                                       storage::record_check::none);
  if (!record)
    return context.fail(wish.from, record.error());
  std::string text{record->properties};
  if (properties::find(text, properties::retry_topic).empty())
    text = properties::with(text, properties::retry_topic, record->topic);
  if (properties::find(text, properties::origin_message_id).empty())
    text =
      properties::with(text, properties::origin_message_id,
                       offset_message_id(record->store_host, record->position));
  text = properties::without(text, properties::delay);
  auto limit = wish.max_times >= 0 ? wish.max_times : group.retry_max_times;
  auto dead = record->reconsume_times >= limit || wish.delay_level < 0;
  auto topic = dead ? names::dead_letter_topic_of(group.name)
                    : names::retry_topic_of(group.name);
  auto level = dead                   ? 0
               : wish.delay_level > 0 ? wish.delay_level
                                      : 3 + record->reconsume_times;
  if (dead) {
    auto origin = properties::find(text, properties::retry_topic);
    text =
      properties::with(text, properties::dlq_origin_topic, std::string{origin});
    auto id = properties::find(text, properties::unique_key);
    if (!id.empty())
      text = properties::with(text, properties::dlq_origin_id, std::string{id});
  }
  append_row row;
  row.from = wish.from;
  row.from.answer = append_answer::plain;
  row.properties = payload::copy_of(text);
  row.text = property_text::complete;
  row.body = payload::copy_of(record->body);
  row.flag = record->flag;
  row.sys_flag = record->sys_flag & ~sys_flag::transaction_mask;
  row.reconsume_times = record->reconsume_times + 1;
  row.born_time = record->born_time;
  row.born_host = record->born_host;
  row.store_host = wish.store_host;
  send_row(context, topic, {0}, std::move(row), level);
}

} // namespace

void consumer_send_msg_back(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  auto position = command.int64("offset");
  if (!position)
    return context.fail(asked.from, position.error());
  send_back wish{asked.from,
                 std::string{command.find("group")},
                 {*position},
                 command.int32_or("delayLevel", 0),
                 command.version() >= remoting::version_3_4_9
                   ? command.int32_or("maxReconsumeTimes", -1)
                   : -1,
                 context.broker_host(asked.on)};
  ask_group(
    context, wish.from, wish.group, context.options().auto_create_groups,
    list_members{}, [&context, wish](const group_members& members) {
      auto group = members.snapshot->config;
      if (group.retry_queues <= 0)
        return context.answer(wish.from, remoting::response_code::success);
      context.ask(wish.from, context.options().log,
                  read_records{{wish.position}},
                  [&context, wish, group](const record_bytes& found) {
                    store_again(context, wish, group, found);
                  });
    });
}

} // namespace troupe::handlers
