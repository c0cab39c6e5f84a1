/// GET_CONSUMER_LIST_BY_GROUP: the client ids that share a group's queues.
#include "gateway/handlers/topic_queue.hpp"

#include "remoting/bodies/group_bodies.hpp"

namespace troupe::handlers {

void get_consumer_list_by_group(gateway_context& context, request& asked) {
  std::string group{asked.command.find("consumerGroup")};
  auto from = asked.from;
  // An empty list would end the client's rebalance with an exception.
  auto nobody = [&context, from, group] {
    context.answer(from, remoting::response_code::system_error,
                   "no consumer for this group, " + group);
  };
  context.ask_or(
    context.options().directory, find_group{group, false},
    [&context, from, nobody](const group_found& found) {
      context.ask(from, found.group, list_members{},
                  [&context, from, nobody](const group_members& x) {
                    if (x.members.empty())
                      return nobody();
                    context.answer(from, remoting::response_code::success, {},
                                   {}, remoting::encode_member_ids(x.members));
                  });
    },
    [nobody](caf::error&) { nobody(); });
}

} // namespace troupe::handlers
