/// QUERY_CORRECTION_OFFSET: of each queue of a topic the least progress of all
/// groups but the filtered ones; where the compared group is behind even that,
/// the largest number. Source: RocketMQ 5.3 ConsumerOffsetManager.
#include "gateway/handlers/topic_queue.hpp"

#include "remoting/bodies/admin_bodies.hpp"

#include <memory>
#include <set>

namespace troupe::handlers {

namespace {

struct correction_work {
  caller from;
  std::string topic;
  std::string compared;
  std::set<std::string, std::less<>> filtered;
  std::vector<std::string> groups; ///< those still to be asked
  std::map<std::int32_t, std::int64_t> least;
  std::map<std::int32_t, std::int64_t> mine; ///< of the compared group
};

void finish_correction(gateway_context& context, correction_work& work) {
  for (const auto& [queue, offset] : work.mine)
    if (auto found = work.least.find(queue);
        found != work.least.end() && found->second > offset)
      found->second = INT64_MAX;
  context.answer(work.from, remoting::response_code::success, {}, {},
                 remoting::encode_correction(work.least));
}

void next_correction_group(gateway_context& context,
                           const std::shared_ptr<correction_work>& work) {
  if (work->groups.empty())
    return finish_correction(context, *work);
  auto group = std::move(work->groups.back());
  work->groups.pop_back();
  auto gone = [=, &context](caf::error&) {
    next_correction_group(context, work);
  };
  context.ask_or(
    context.options().directory, find_group{group, false},
    [=, &context](const group_found& found) {
      context.ask_or(
        found.group, list_offsets{work->topic},
        [=, &context](const group_offsets& offsets) {
          for (const auto& row : offsets.rows) {
            auto queue = row.queue.queue.value;
            if (group == work->compared)
              work->mine[queue] = row.offset.value;
            if (work->filtered.contains(group))
              continue;
            auto [place, fresh] =
              work->least.try_emplace(queue, row.offset.value);
            if (!fresh)
              place->second = std::min(place->second, row.offset.value);
          }
          next_correction_group(context, work);
        },
        gone);
    },
    gone);
}

} // namespace

void query_correction_offset(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  auto work = std::make_shared<correction_work>();
  work->from = asked.from;
  work->topic = command.find("topic");
  work->compared = command.find("compareGroup");
  for (auto rest = command.find("filterGroups"); !rest.empty();) {
    auto comma = rest.find(',');
    work->filtered.emplace(rest.substr(0, comma));
    rest = comma == rest.npos ? std::string_view{} : rest.substr(comma + 1);
  }
  context.ask(asked.from, context.options().directory, list_groups{},
              [=, &context](const group_list& all) {
                for (const auto& x : all.groups)
                  work->groups.push_back(x.name);
                next_correction_group(context, work);
              });
}

} // namespace troupe::handlers
