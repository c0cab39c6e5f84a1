/// GET_PRODUCER_CONNECTION_LIST: the live sessions of a producer group.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/group_bodies.hpp"

namespace troupe::handlers {

void get_producer_connection_list(gateway_context& context, request& asked) {
  std::string group{asked.command.find("producerGroup")};
  auto from = asked.from;
  context.ask(
    from, context.options().directory, find_producer{group, false},
    [&context, from, group](const producer_found& found) {
      context.ask(
        from, found.producer, list_sessions{},
        [&context, from, group](const producer_sessions& x) {
          if (x.members.empty())
            return context.fail(
              from, make_error(errc::producer_not_online,
                               "the producer group[" + group + "] not exist"));
          context.answer(from, remoting::response_code::success, {}, {},
                         remoting::encode_producer_connection(x.members));
        });
    });
}

} // namespace troupe::handlers
