/// QUERY_SUBSCRIPTION_BY_CONSUMER: what a group wants of a topic.
#include "gateway/handlers/topic_queue.hpp"

#include "remoting/bodies/group_bodies.hpp"

namespace troupe::handlers {

void query_subscription_by_consumer(gateway_context& context, request& asked) {
  std::string group{asked.command.find("group")};
  std::string topic{asked.command.find("topic")};
  ask_group(
    context, asked.from, group, false, list_members{},
    [&context, from = asked.from, group, topic](const group_members& x) {
      auto found = x.snapshot->subscriptions.find(topic);
      const auto* wanted = found == x.snapshot->subscriptions.end()
                             ? nullptr
                             : found->second.get();
      context.answer(
        from, remoting::response_code::success, {}, {},
        remoting::encode_subscription_answer(group, topic, wanted));
    });
}

} // namespace troupe::handlers
