/// QUERY_ASSIGNMENT: which queues a consumer is to pull, or that it is to pop.
/// Source: RocketMQ 5.3 QueryAssignmentProcessor; sheets remoting 5.9,
/// semantics 15.9.
#include "gateway/assignment.hpp"
#include "gateway/handlers/topic_queue.hpp"

#include "remoting/bodies/pop_bodies.hpp"

#include "troupe/model/names.hpp"

#include <algorithm>
#include <memory>

namespace troupe::handlers {

namespace {

/// What has been found out for one answer.
struct open_assignment {
  caller from;
  assignment_question question;
  remoting::assignment_query asked;
};

using open_ptr = std::shared_ptr<open_assignment>;

void answer_assignment(gateway_context& context, const open_ptr& open) {
  auto queues = assigned_queues(open->question);
  context.answer(open->from, remoting::response_code::success, {}, {},
                 remoting::encode_assignment(queues, open->question.mode.pop));
}

void find_members(gateway_context& context, const open_ptr& open) {
  if (open->asked.broadcasting)
    return answer_assignment(context, open);
  context.ask_or(
    context.options().directory, find_group{open->asked.group, false},
    [&context, open](const group_found& found) {
      context.ask(open->from, found.group, list_members{},
                  [&context, open](const group_members& members) {
                    for (const auto& x : members.members)
                      open->question.clients.push_back(x.client_id);
                    answer_assignment(context, open);
                  });
    },
    // Nobody is there: the client keeps what it has.
    [&context, open](caf::error&) { answer_assignment(context, open); });
}

void add_queues(const open_ptr& open, const std::string& broker,
                std::int32_t count) {
  for (std::int32_t i = 0; i < count; ++i)
    open->question.queues.push_back({broker, {open->asked.topic, {i}}});
}

/// The queues of this broker; those of all brokers when the name server is
/// here.
void find_queues(gateway_context& context, const open_ptr& open) {
  const auto& options = context.options();
  auto own = [&context, open](const topic_view& view) {
    if ((view.config->perm & permission::read) != 0)
      add_queues(open, context.options().broker_name, view.config->read_queues);
    find_members(context, open);
  };
  auto ask_directory = [&context, open, own] {
    context.ask_or(
      context.options().directory, find_topic{open->asked.topic, {}, false},
      own, [&context, open](caf::error&) { answer_assignment(context, open); });
  };
  if (!options.names)
    return ask_directory();
  context.ask_or(
    options.names, find_route{open->asked.topic},
    [&context, open](const route_found& found) {
      for (const auto& queue : found.route.queues)
        if ((queue.perm & permission::read) != 0)
          add_queues(open, queue.broker_name, queue.read_queues);
      find_members(context, open);
    },
    [ask_directory](caf::error&) { ask_directory(); });
}

} // namespace

void query_assignment(gateway_context& context, request& asked) {
  auto query = remoting::decode_assignment_query(asked.command.body());
  if (!query)
    return context.fail(asked.from, query.error());
  auto open = std::make_shared<open_assignment>();
  open->from = asked.from;
  open->asked = std::move(*query);
  auto& question = open->question;
  question.client = open->asked.client_id;
  question.strategy = open->asked.strategy;
  question.broadcasting = open->asked.broadcasting;
  context.ask(
    open->from, context.options().pop, list_request_modes{},
    [&context, open](const request_modes& found) {
      auto mine = std::ranges::find_if(found.modes, [&](const request_mode& x) {
        return x.topic == open->asked.topic && x.group == open->asked.group;
      });
      if (mine != found.modes.end())
        open->question.mode = *mine;
      find_queues(context, open);
    });
}

} // namespace troupe::handlers
