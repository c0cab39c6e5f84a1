/// QUERY_TOPICS_BY_CONSUMER: the topics that a group has progress in.
#include "gateway/handlers/own_address.hpp"
#include "gateway/handlers/topic_queue.hpp"

#include "remoting/bodies/topic_bodies.hpp"

#include <set>

namespace troupe::handlers {

void query_topics_by_consumer(gateway_context& context, request& asked) {
  ask_group(context, asked.from, asked.command.find("group"), false,
            list_offsets{},
            [&context, from = asked.from,
             own = own_address(context, asked.on)](const group_offsets& x) {
              std::set<std::string> topics;
              for (const auto& row : x.rows)
                topics.insert(row.queue.topic);
              std::vector<std::string> names{topics.begin(), topics.end()};
              context.answer(from, remoting::response_code::success, {}, {},
                             remoting::encode_topic_list(names, own));
            });
}

} // namespace troupe::handlers
