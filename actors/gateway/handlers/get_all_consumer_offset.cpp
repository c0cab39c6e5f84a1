/// GET_ALL_CONSUMER_OFFSET: the progress of all groups, as slaves copy it.
#include "gateway/handlers/handlers.hpp"

#include "remoting/bodies/group_bodies.hpp"

#include <memory>

namespace troupe::handlers {

namespace {

struct offsets_round {
  std::map<std::string, std::map<std::int32_t, std::int64_t>> table;
  std::vector<std::string> groups; ///< those still to be asked
};

void next_group(gateway_context& context, const caller& from,
                const std::shared_ptr<offsets_round>& round) {
  if (round->groups.empty())
    return context.answer(from, remoting::response_code::success, {}, {},
                          remoting::encode_offset_table(round->table));
  auto group = std::move(round->groups.back());
  round->groups.pop_back();
  context.ask(
    from, context.options().directory, find_group{group, false},
    [=, &context](const group_found& found) {
      context.ask(
        from, found.group, list_offsets{},
        [=, &context](const group_offsets& offsets) {
          for (const auto& x : offsets.rows)
            round->table[x.queue.topic + "@" + group][x.queue.queue.value] =
              x.offset.value;
          next_group(context, from, round);
        });
    });
}

} // namespace

void get_all_consumer_offset(gateway_context& context, request& asked) {
  context.ask(asked.from, context.options().directory, list_groups{},
              [&context, from = asked.from](const group_list& list) {
                auto round = std::make_shared<offsets_round>();
                for (const auto& x : list.groups)
                  round->groups.push_back(x.name);
                next_group(context, from, round);
              });
}

} // namespace troupe::handlers
