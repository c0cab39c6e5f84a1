/// GET_CONSUMER_CONNECTION_LIST: the members of a group and what they want.
#include "gateway/handlers/topic_queue.hpp"

#include "remoting/bodies/group_bodies.hpp"

namespace troupe::handlers {

void get_consumer_connection_list(gateway_context& context, request& asked) {
  std::string group{asked.command.find("consumerGroup")};
  auto from = asked.from;
  auto offline = [&context, from, group] {
    context.fail(from,
                 make_error(errc::consumer_not_online,
                            "the consumer group[" + group + "] not online"));
  };
  context.ask_or(
    context.options().directory, find_group{group, false},
    [&context, from, offline](const group_found& found) {
      context.ask(from, found.group, list_members{},
                  [&context, from, offline](const group_members& x) {
                    if (x.members.empty())
                      return offline();
                    std::vector<subscription_ptr> subscriptions;
                    for (const auto& [topic, s] : x.snapshot->subscriptions)
                      subscriptions.push_back(s);
                    context.answer(
                      from, remoting::response_code::success, {}, {},
                      remoting::encode_consumer_connection(
                        x.members, x.snapshot->type, x.snapshot->model,
                        x.snapshot->from, subscriptions));
                  });
    },
    [offline](caf::error&) { offline(); });
}

} // namespace troupe::handlers
