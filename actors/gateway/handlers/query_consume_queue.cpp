/// QUERY_CONSUME_QUEUE: rows of a consume queue as they are stored, and whether
/// a group is there to read them.
#include "gateway/handlers/topic_queue.hpp"

#include "remoting/bodies/admin_bodies.hpp"

namespace troupe::handlers {

namespace {

void answer_rows(gateway_context& context, const caller& from,
                 const rows_read& read, remoting::queue_reader who) {
  std::vector<remoting::consume_queue_row> rows;
  for (const auto& x : read.rows)
    rows.push_back({x.position.value, x.size, x.tags_code});
  context.answer(from, remoting::response_code::success, {}, {},
                 remoting::encode_consume_queue(
                   read.range.min.value, read.range.max.value, rows, who));
}

} // namespace

void query_consume_queue(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  auto queue = command.int32("queueId");
  auto first = command.int64("index");
  if (!queue)
    return context.fail(asked.from, queue.error());
  if (!first)
    return context.fail(asked.from, first.error());
  auto from = asked.from;
  std::string topic{command.find("topic")};
  std::string group{command.find("consumerGroup")};
  auto with_rows = [=, &context](const rows_read& read) {
    if (group.empty())
      return answer_rows(context, from, read, {});
    auto answer_for = [=, &context](const subscription_ptr& wanted) {
      answer_rows(context, from, read, {group + "@" + topic, wanted});
    };
    context.ask_or(
      context.options().directory, find_group{group, false},
      [=, &context](const group_found& found) {
        context.ask(
          from, found.group, list_members{}, [=](const group_members& x) {
            auto mine = x.snapshot->subscriptions.find(topic);
            answer_for(mine == x.snapshot->subscriptions.end() ? nullptr
                                                               : mine->second);
          });
      },
      [answer_for](caf::error&) { answer_for(nullptr); });
  };
  ask_queue(context, from, topic, *queue,
            read_rows{{*first}, command.int32_or("count", 10)}, with_rows);
}

} // namespace troupe::handlers
