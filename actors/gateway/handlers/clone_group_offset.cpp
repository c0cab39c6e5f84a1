/// CLONE_GROUP_OFFSET: a group begins where another one stands. Durable before
/// it is answered. Without `offline` only topics that the source subscribes to
/// now are taken.
#include "gateway/handlers/topic_queue.hpp"

namespace troupe::handlers {

void clone_group_offset(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  auto from = asked.from;
  std::string topic{command.find("topic")};
  std::string destination{command.find("destGroup")};
  auto offline = command.boolean_or("offline", false);
  auto take = [=, &context](const progress_report& source) {
    const auto& wishes = source.members.snapshot->subscriptions;
    commit_offsets rows;
    for (const auto& row : source.rows)
      if ((topic.empty() || row.queue.topic == topic)
          && (offline || wishes.empty() || wishes.contains(row.queue.topic)))
        rows.rows.push_back({row.queue, row.offset});
    context.ask(from, context.options().directory,
                find_group{destination, context.options().auto_create_groups},
                [=, &context](const group_found& found) {
                  context.self()->send(found.group, rows);
                  context.ask(from, found.group, flush_offsets{},
                              [=, &context](const offsets_flushed&) {
                                context.answer(
                                  from, remoting::response_code::success);
                              });
                });
  };
  ask_group(context, from, command.find("srcGroup"), false, describe_progress{},
            take);
}

} // namespace troupe::handlers
