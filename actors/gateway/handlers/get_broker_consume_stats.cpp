/// GET_BROKER_CONSUME_STATS: how far every group is behind, queue by queue.
#include "gateway/handlers/consume_stats.hpp"
#include "gateway/handlers/own_address.hpp"

#include "remoting/bodies/admin_bodies.hpp"

#include <memory>

namespace troupe::handlers {

namespace {

struct broker_stats_work {
  std::vector<std::string> groups; ///< those still to be asked
  std::vector<remoting::named_consume_stats> all;
  std::string own;
};

void next_stats_group(gateway_context& context, const caller& from,
                      const std::shared_ptr<broker_stats_work>& work) {
  if (work->groups.empty())
    return context.answer(
      from, remoting::response_code::success, {}, {},
      remoting::encode_broker_consume_stats(work->all, work->own));
  auto group = std::move(work->groups.back());
  work->groups.pop_back();
  gather_consume_stats(context, group, {}, [=, &context](group_stats& stats) {
    if (!stats.rows.empty())
      work->all.push_back(
        {stats.group, std::move(stats.rows), stats.per_second});
    next_stats_group(context, from, work);
  });
}

} // namespace

void get_broker_consume_stats(gateway_context& context, request& asked) {
  auto work = std::make_shared<broker_stats_work>();
  work->own = own_address(context, asked.on);
  context.ask(asked.from, context.options().directory, list_groups{},
              [&context, from = asked.from, work](const group_list& all) {
                for (const auto& x : all.groups)
                  work->groups.push_back(x.name);
                next_stats_group(context, from, work);
              });
}

} // namespace troupe::handlers
