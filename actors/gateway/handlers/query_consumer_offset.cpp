/// QUERY_CONSUMER_OFFSET: a group's progress. A group without any begins at 0
/// while the queue still has its first message, else it is told "not found" and
/// applies its consume-from-where. Sheet remoting 3.8.
#include "gateway/handlers/topic_queue.hpp"

#include "troupe/model/names.hpp"

namespace troupe::handlers {

namespace {

void answer_offset(gateway_context& context, const caller& from,
                   queue_offset offset) {
  auto text = std::to_string(offset.value);
  context.answer(from, remoting::response_code::success, {},
                 {{"offset", text}});
}

void answer_unknown(gateway_context& context, const caller& from,
                    const queue_key& key, bool zero_allowed) {
  auto not_found = make_error(errc::offset_not_found,
                              "Not found, maybe this group consumer boot "
                              "first");
  if (!zero_allowed)
    return context.fail(from, not_found);
  ask_queue(context, from, key.topic, key.queue.value, query_range{},
            [=, &context](const queue_range& range) {
              if (range.min.value <= 0 && range.max.value > 0)
                return answer_offset(context, from, {0});
              context.fail(from, not_found);
            });
}

} // namespace

void query_consumer_offset(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  auto queue = command.int32("queueId");
  if (!queue)
    return context.fail(asked.from, queue.error());
  queue_key key{std::string{command.find("topic")}, {*queue}};
  auto zero_allowed = command.boolean_or("setZeroIfNotFound", true);
  auto from = asked.from;
  std::string group{command.find("consumerGroup")};
  if (auto why = names::why_bad_group(group); !why.empty())
    return context.fail(from, make_error(errc::invalid_argument, why));
  auto unknown = [=, &context](caf::error& error) {
    if (is(error, errc::offset_not_found) || is(error, errc::group_not_found))
      return answer_unknown(context, from, key, zero_allowed);
    context.fail(from, error);
  };
  // Asking does not make the group.
  context.ask_or(
    context.options().directory, find_group{group, false},
    [=, &context](const group_found& found) {
      context.ask_or(
        found.group, query_offset{key},
        [=, &context](const group_offset& x) {
          answer_offset(context, from, x.offset);
        },
        unknown);
    },
    unknown);
}

} // namespace troupe::handlers
