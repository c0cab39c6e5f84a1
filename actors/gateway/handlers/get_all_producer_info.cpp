/// GET_ALL_PRODUCER_INFO: all live producer sessions by group.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/group_bodies.hpp"

#include <memory>

namespace troupe::handlers {

void get_all_producer_info(gateway_context& context, request& asked) {
  auto from = asked.from;
  context.ask(
    from, context.options().directory, list_producers{},
    [&context, from](const producer_list& list) {
      struct round {
        std::map<std::string, std::vector<member>> groups;
        std::size_t open;
      };
      auto state = std::make_shared<round>();
      state->open = list.groups.size();
      auto answer = [&context, from, state] {
        context.answer(from, remoting::response_code::success, {}, {},
                       remoting::encode_producer_table(state->groups));
      };
      if (list.groups.empty())
        return answer();
      for (std::size_t i = 0; i < list.groups.size(); ++i)
        context.ask(from, list.producers[i], list_sessions{},
                    [=, group = list.groups[i]](const producer_sessions& x) {
                      if (!x.members.empty())
                        state->groups[group] = x.members;
                      if (--state->open == 0)
                        answer();
                    });
    });
}

} // namespace troupe::handlers
