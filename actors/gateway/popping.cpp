#include "gateway/popping.hpp"

#include "gateway/delivering.hpp"

#include "troupe/model/names.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

namespace troupe {

namespace {

using remoting::response_code;

caf::error why_refused(const gateway_context& context,
                       const topic_config& topic, const group_config& group,
                       queue_id queue) {
  const auto& options = context.options();
  if ((options.broker_permission & permission::read) == 0)
    return make_error(errc::no_permission, "the broker[" + options.broker_name
                                             + "] pop message is forbidden");
  if ((topic.perm & permission::read) == 0)
    return make_error(errc::no_permission,
                      "the topic[" + topic.name
                        + "] peeking message is forbidden");
  if (queue.value >= topic.read_queues)
    return make_error(errc::invalid_argument,
                      "queueId[" + std::to_string(queue.value)
                        + "] is illegal, topic:[" + topic.name
                        + "] topicConfig.readQueueNums:["
                        + std::to_string(topic.read_queues) + "]");
  if (!group.consume_enable)
    return make_error(errc::no_permission,
                      "subscription group no permission, " + group.name);
  auto retry = names::pop_retry_topic_of(group.name, topic.name);
  if (retry.size() > limits::retry_topic_bytes_max)
    return make_error(errc::invalid_argument,
                      "group and topic have no retry topic: its name would be "
                      "longer than "
                        + std::to_string(limits::retry_topic_bytes_max)
                        + " bytes; use shorter names, or pull");
  return caf::none;
}

/// `source queue ` of one part.
std::string head_of(const popped_part& part) {
  return std::to_string(static_cast<int>(part.source)) + ' '
         + std::to_string(part.queue.value) + ' ';
}

void separate(std::string& list) {
  if (!list.empty())
    list += ';';
}

std::string start_offsets(const pop_result& result) {
  std::string text;
  for (const auto& part : result.parts) {
    separate(text);
    text += head_of(part) + std::to_string(part.start.value);
  }
  return text;
}

std::string message_offsets(const pop_result& result) {
  std::string text;
  for (const auto& part : result.parts) {
    separate(text);
    text += head_of(part);
    for (std::size_t i = 0; i < part.offsets.size(); ++i)
      text += (i == 0 ? "" : ",") + std::to_string(part.offsets[i].value);
  }
  return text;
}

/// Offsets that were popped before, each with how often, and the queue with
/// the least of them. Source: ConsumerOrderInfoManager.update.
std::string order_counts(const pop_result& result) {
  std::string text;
  for (const auto& part : result.parts) {
    std::int32_t least = part.consumed.empty() ? 0 : part.consumed.front();
    for (std::size_t i = 0; i < part.consumed.size(); ++i) {
      least = std::min(least, part.consumed[i]);
      if (part.consumed[i] == 0)
        continue;
      separate(text);
      text += std::to_string(static_cast<int>(part.source)) + " qo"
              + std::to_string(part.queue.value) + '%'
              + std::to_string(part.offsets[i].value) + ' '
              + std::to_string(part.consumed[i]);
    }
    separate(text);
    text += head_of(part) + std::to_string(least);
  }
  return text;
}

response_code code_of(const pop_request& asked, pop_status status) {
  switch (status) {
    case pop_status::found:
      return response_code::success;
    case pop_status::nothing:
      return asked.wish.purpose == pop_purpose::peek
               ? response_code::pull_not_found
               : response_code::polling_timeout;
    case pop_status::waiting_full:
      return response_code::polling_full;
  }
  return response_code::system_error;
}

} // namespace

void check_pop(gateway_context& context, pop_request asked,
               std::function<void(const pop_request&)> then) {
  auto* topic = context.find_known_topic(asked.wish.topic);
  if (topic == nullptr) {
    context.fetch_topic(asked.from, {asked.wish.topic, {}, false},
                        [=, &context] { check_pop(context, asked, then); });
    return;
  }
  auto* group = context.find_known_group(asked.wish.group);
  if (group == nullptr) {
    if (auto why = names::why_bad_group(asked.wish.group); !why.empty())
      return context.fail(asked.from, make_error(errc::invalid_argument, why));
    context.fetch_group(
      asked.from, {asked.wish.group, context.options().auto_create_groups},
      [=, &context] { check_pop(context, asked, then); });
    return;
  }
  if (auto error = why_refused(context, topic->config(),
                               group->snapshot->config, asked.wish.queue))
    return context.fail(asked.from, error);
  if (auto filter =
        context.deliveries().filter_of(asked.wish.topic, asked.wish.group);
      !filter.empty())
    return context.fail(
      asked.from,
      make_error(errc::not_supported,
                 "custom actor `" + std::string{filter}
                   + "` filters what group[" + asked.wish.group
                   + "] gets of topic[" + asked.wish.topic
                   + "], and pops are not filtered; consume by pull, or let "
                     "it not filter this group"));
  if (asked.wish.purpose == pop_purpose::take)
    context.note_pull(*group, *topic, asked.wish.queue,
                      {{}, asked.from.connection, now_ms()});
  then(asked);
}

caf::expected<subscription_ptr> pop_filter_of(gateway_context& context,
                                              const pop_request& asked,
                                              std::string_view expression,
                                              std::string_view type) {
  if (expression.empty())
    return subscription_ptr{};
  auto made = std::make_shared<subscription>();
  made->topic = asked.wish.topic;
  made->expression = expression;
  if (type.empty() || type == "TAG") {
    auto filter = tag_filter::compile(expression);
    if (!filter)
      return std::move(filter.error());
    if (filter->matches_everything())
      return subscription_ptr{};
    made->filter = std::move(*filter);
  } else {
    made->type = expression_type::sql92;
    auto filter = context.filters().compile(expression);
    if (!filter)
      return std::move(filter.error());
    made->sql = std::move(*filter);
  }
  return subscription_ptr{std::move(made)};
}

bool is_late(epoch_ms born, std::int64_t poll_ms) {
  return born.value > 0
         && now_ms() - born - poll_ms > limits::pop_late_max.count();
}

epoch_ms hold_until(epoch_ms born, std::int64_t poll_ms) {
  if (poll_ms <= 0)
    return {};
  auto now = now_ms();
  auto longest = std::chrono::milliseconds{limits::park_max}.count();
  auto begin = born.value > 0 ? std::min(born, now) : now;
  return begin + std::min(poll_ms, longest);
}

void end_with_connection(gateway_context& context, const caller& from) {
  if (auto* on = context.connections().find(from.connection))
    on->leavers.try_emplace("pop", [&context](const client_link& link) {
      context.self()->send(context.options().pop, drop_waiting{link});
    });
}

void answer_pop(gateway_context& context, const pop_request& asked,
                const pop_result& result) {
  auto& counters = context.counters();
  for (const auto& part : result.parts)
    counters.pulled_messages += static_cast<std::int64_t>(part.offsets.size());
  counters.pulled_bytes += static_cast<std::int64_t>(result.records.size());
  auto rest = std::to_string(result.rest);
  auto remark =
    result.status == pop_status::found ? "FOUND" : "NO_MESSAGE_IN_QUEUE";
  if (asked.wish.purpose == pop_purpose::peek)
    return context.answer(asked.from, code_of(asked, result.status), remark,
                          {{"invisibleTime", "0"},
                           {"popTime", "0"},
                           {"restNum", rest},
                           {"reviveQid", "0"}},
                          result.records);
  auto pop_time = std::to_string(result.pop_time.value);
  auto invisible = std::to_string(asked.wish.invisible_ms);
  auto revive = std::to_string(result.revive_queue);
  auto starts = start_offsets(result);
  auto offsets = message_offsets(result);
  auto counts = order_counts(result);
  std::vector<answer_field> fields{
    {"popTime", pop_time},       {"invisibleTime", invisible},
    {"reviveQid", revive},       {"restNum", rest},
    {"startOffsetInfo", starts}, {"msgOffsetInfo", offsets}};
  if (asked.wish.order == pop_order::in_order)
    fields.emplace_back("orderCountInfo", counts);
  context.answer_fields(asked.from, code_of(asked, result.status), remark,
                        fields, result.records);
}

caf::expected<receipt_request> read_receipt(const request& asked) {
  const auto& command = asked.command;
  auto queue = command.int32("queueId");
  auto offset = command.int64("offset");
  if (!queue || !offset)
    return !queue ? std::move(queue.error()) : std::move(offset.error());
  auto receipt = parse_receipt(command.find("extraInfo"));
  if (!receipt)
    return make_error(errc::malformed_request,
                      "extraInfo is no receipt of a pop: "
                        + std::string{command.find("extraInfo")});
  receipt_request result;
  result.from = asked.from;
  result.lease = {{std::string{command.find("consumerGroup")},
                   {std::string{command.find("topic")}, {*queue}}},
                  receipt->start,
                  receipt->pop_time};
  result.offset = {*offset};
  result.revive_queue = receipt->revive_queue;
  result.order = receipt->revive_queue == order_revive_queue
                   ? pop_order::in_order
                   : pop_order::any;
  return result;
}

void answer_unknown_receipt(gateway_context& context,
                            const receipt_request& asked, receipt_bounds bounds,
                            std::function<void()> fine) {
  const auto& key = asked.lease.queue.queue;
  auto* topic = context.find_known_topic(key.topic);
  if (topic == nullptr) {
    context.fetch_topic(asked.from, {key.topic, {}, false}, [=, &context] {
      answer_unknown_receipt(context, asked, bounds, fine);
    });
    return;
  }
  auto queues = static_cast<std::int32_t>(topic->view.queues.size());
  if (key.queue.value < 0 || key.queue.value >= queues)
    return context.answer(asked.from, response_code::message_illegal,
                          "queueId[" + std::to_string(key.queue.value)
                            + "] is illegal, topic:[" + key.topic + "] has "
                            + std::to_string(queues) + " queues");
  auto place = static_cast<std::size_t>(key.queue.value);
  context.ask(asked.from, topic->view.queues[place], query_range{},
              [=, &context](const queue_range& range) {
                auto last = bounds == receipt_bounds::up_to_max
                              ? range.max
                              : range.max + -1;
                if (asked.offset >= range.min && asked.offset <= last)
                  return fine();
                context.answer(asked.from, response_code::no_message,
                               "offset is illegal, key:" + key.topic + "@"
                                 + std::to_string(key.queue.value) + ", commit:"
                                 + std::to_string(asked.offset.value)
                                 + ", store:" + std::to_string(range.min.value)
                                 + "~" + std::to_string(range.max.value));
              });
}

} // namespace troupe
