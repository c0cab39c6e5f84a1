/// QUERY_TOPIC_CONSUME_BY_WHO: the groups that read a topic.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/group_bodies.hpp"

#include <memory>
#include <set>

namespace troupe::handlers {

namespace {

struct readers_round {
  std::set<std::string> readers;
  std::size_t open = 0;
};

} // namespace

void query_topic_consume_by_who(gateway_context& context, request& asked) {
  auto from = asked.from;
  std::string topic{asked.command.find("topic")};
  context.ask(from, context.options().directory, list_groups{},
              [=, &context](const group_list& list) {
                auto round = std::make_shared<readers_round>();
                round->open = list.groups.size();
                auto settle = [=, &context] {
                  if (--round->open > 0)
                    return;
                  std::vector<std::string> names{round->readers.begin(),
                                                 round->readers.end()};
                  context.answer(from, remoting::response_code::success, {}, {},
                                 remoting::encode_groups(names));
                };
                for (const auto& config : list.groups) {
                  auto look = [=, &context,
                               name = config.name](const group_found& found) {
                    context.ask(from, found.group, list_members{},
                                [=](const group_members& x) {
                                  if (x.snapshot->subscriptions.contains(topic))
                                    round->readers.insert(name);
                                });
                    context.ask(from, found.group, list_offsets{topic},
                                [=](const group_offsets& x) {
                                  if (!x.rows.empty())
                                    round->readers.insert(name);
                                  settle();
                                });
                  };
                  context.ask(from, context.options().directory,
                              find_group{config.name, false}, look);
                }
              });
}

} // namespace troupe::handlers
