/// UPDATE_CONSUMER_OFFSET: a group reports its progress.
#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

namespace {

void update(gateway_context& context, const caller& from,
            const std::string& name, const offset_row& row) {
  auto* group = context.find_known_group(name);
  if (group == nullptr) {
    context.fetch_group(from, {name, context.options().auto_create_groups},
                        [=, &context] { update(context, from, name, row); });
    return;
  }
  auto* topic = context.find_known_topic(row.queue.topic);
  if (topic == nullptr) {
    context.fetch_topic(from, {row.queue.topic, {}, false},
                        [=, &context] { update(context, from, name, row); });
    return;
  }
  auto queues = static_cast<std::int32_t>(topic->view.queues.size());
  if (row.queue.queue.value < 0 || row.queue.queue.value >= queues)
    return context.fail(
      from, make_error(errc::queue_not_found,
                       "queueId[" + std::to_string(row.queue.queue.value)
                         + "] is illegal, topic[" + row.queue.topic + "] has "
                         + std::to_string(queues) + " queues"));
  if (from.oneway)
    context.commit(*group, row); // nobody relies on it: with the next commit
  else
    context.commit_durably(from, *group, row);
}

} // namespace

void update_consumer_offset(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  auto queue = command.int32("queueId");
  auto offset = command.int64("commitOffset");
  if (!queue || !offset)
    return context.fail(asked.from, !queue ? queue.error() : offset.error());
  update(context, asked.from, std::string{command.find("consumerGroup")},
         {{std::string{command.find("topic")}, {*queue}}, {*offset}});
}

} // namespace troupe::handlers
