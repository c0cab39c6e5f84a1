/// INVOKE_BROKER_TO_RESET_OFFSET: an administrator sets a group's progress, by
/// time or (one queue) by offset. The next pull of each queue is told so; or,
/// without reset-at-broker, the members that are online are told at once, and
/// commit it themselves. Sheet semantics 9.4.
#include "gateway/handlers/topic_queue.hpp"

#include "remoting/bodies/group_bodies.hpp"

#include <algorithm>
#include <memory>
#include <span>

namespace troupe::handlers {

namespace {

constexpr std::uint8_t language_cpp = 1;

remoting::reset_form form_for(std::uint8_t language) {
  return language == language_cpp ? remoting::reset_form::list
                                  : remoting::reset_form::object_keys;
}

struct reset_round {
  caller from;
  std::string topic;
  std::string group;
  std::int64_t time = -1;
  bool force = false; ///< forward too, when the members are told
  remoting::reset_form form = remoting::reset_form::object_keys;
  consumer_group_actor actor;
  std::vector<offset_row> rows;
  std::size_t open = 0;
  caf::error failure;    ///< of a queue that was asked for its place
  std::string unreached; ///< members that could not be told, and why
};

using round_ptr = std::shared_ptr<reset_round>;

std::string body_of(gateway_context& context, const reset_round& round,
                    remoting::reset_form form) {
  std::vector<remoting::queue_place> places;
  for (const auto& row : round.rows)
    places.push_back(
      {{context.options().broker_name, row.queue}, row.offset.value});
  return remoting::encode_reset(places, form);
}

void answer_reset(gateway_context& context, const reset_round& round) {
  context.answer(round.from, remoting::response_code::success, {}, {},
                 body_of(context, round, round.form));
}

void reset_here(gateway_context& context, const round_ptr& round) {
  context.ask(round->from, round->actor, reset_offsets{round->rows},
              [&context, round](const group_offsets& x) {
                round->rows = x.rows;
                answer_reset(context, *round);
              });
}

// -- telling the members ------------------------------------------------------

remoting::command notice_for(gateway_context& context, const reset_round& round,
                             const member& who) {
  auto notice = remoting::make_request(
    remoting::request_code::reset_consumer_client_offset);
  notice.flag = remoting::flag_oneway;
  notice.fields = {{"topic", round.topic},
                   {"group", round.group},
                   {"queueId", "-1"},
                   {"timestamp", std::to_string(round.time)},
                   {"isForce", round.force ? "true" : "false"}};
  notice.body =
    payload::copy_of(body_of(context, round, form_for(who.language)));
  return notice;
}

void told(gateway_context& context, const round_ptr& round) {
  if (--round->open > 0)
    return;
  if (round->unreached.empty())
    return answer_reset(context, *round);
  context.answer(round->from, remoting::response_code::system_error,
                 "not every member could be told; reset again:"
                   + round->unreached);
}

void tell_members(gateway_context& context, const round_ptr& round,
                  const group_members& x) {
  round->open = x.members.size();
  for (std::size_t i = 0; i < x.members.size(); ++i)
    context.ask_or(
      x.links[i].gateway,
      push_and_confirm{x.links[i].connection,
                       notice_for(context, *round, x.members[i])},
      [&context, round](const command_pushed&) { told(context, round); },
      [&context, round, id = x.members[i].client_id](caf::error& error) {
        round->unreached += " <" + id + "> " + context_of(error);
        told(context, round);
      });
}

/// Only back, unless it is forced.
void clamp_to(const group_offsets& progress, reset_round& round) {
  for (auto& row : round.rows) {
    auto now = std::ranges::find(progress.rows, row.queue, &offset_row::queue);
    if (now != progress.rows.end())
      row.offset = std::min(row.offset, now->offset);
  }
}

void reset_at_members(gateway_context& context, const round_ptr& round) {
  auto with_members = [&context, round](const group_members& x) {
    if (x.members.empty())
      return context.answer(
        round->from, remoting::response_code::consumer_not_online,
        "Consumer not online, so can not reset offset, Group: " + round->group
          + " Topic: " + round->topic
          + " Timestamp: " + std::to_string(round->time));
    if (round->force)
      return tell_members(context, round, x);
    context.ask(round->from, round->actor, list_offsets{round->topic},
                [&context, round, x](const group_offsets& progress) {
                  clamp_to(progress, *round);
                  tell_members(context, round, x);
                });
  };
  context.ask(round->from, round->actor, list_members{}, with_members);
}

// -- where to -----------------------------------------------------------------

void finish(gateway_context& context, const round_ptr& round) {
  if (context.options().live.reset_at_broker)
    reset_here(context, round);
  else
    reset_at_members(context, round);
}

/// However many queues fail, the request is answered once.
void place_found(gateway_context& context, const round_ptr& round) {
  if (--round->open > 0)
    return;
  if (round->failure)
    context.fail(round->from, round->failure);
  else
    finish(context, round);
}

void find_places(gateway_context& context, const round_ptr& round,
                 std::span<const queue_actor> queues, std::int32_t first) {
  if (queues.empty())
    return finish(context, round);
  round->open = queues.size();
  for (const auto& queue : queues) {
    auto add = [&context, round, first](queue_offset place) {
      round->rows.push_back({{round->topic, {first}}, place});
      place_found(context, round);
    };
    auto lost = [&context, round](caf::error& error) {
      round->failure = std::move(error);
      place_found(context, round);
    };
    if (round->time < 0)
      context.ask_or(
        queue, query_range{}, [add](const queue_range& x) { add(x.max); },
        lost);
    else
      context.ask_or(
        queue, find_offset{{round->time}},
        [add](const offset_found& x) { add(x.offset); }, lost);
    ++first;
  }
}

} // namespace

void invoke_broker_to_reset_offset(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  auto round = std::make_shared<reset_round>();
  round->from = asked.from;
  round->topic = command.find("topic");
  round->group = command.find("group");
  round->time = command.int64_or("timestamp", -1);
  round->force = command.boolean_or("isForce", false);
  round->form = form_for(command.language());
  auto only = command.int32_or("queueId", -1);
  auto offset = command.int64_or("offset", -1);
  auto on_view = [&context, round, only, offset](const topic_view& view) {
    auto queues = static_cast<std::int32_t>(view.queues.size());
    if (only >= queues)
      return context.fail(round->from, no_queue(round->topic, only, queues));
    if (only >= 0 && offset >= 0) {
      round->rows.push_back({{round->topic, {only}}, {offset}});
      return finish(context, round);
    }
    std::span<const queue_actor> all{view.queues};
    find_places(
      context, round,
      only >= 0 ? all.subspan(static_cast<std::size_t>(only), 1)
                : all.first(static_cast<std::size_t>(view.config->read_queues)),
      std::max(only, 0));
  };
  auto with_group = [&context, round, on_view](const group_found& found) {
    round->actor = found.group;
    context.ask(round->from, context.options().directory,
                find_topic{round->topic, {}, false}, on_view);
  };
  context.ask(round->from, context.options().directory,
              find_group{round->group, false}, with_group);
}

} // namespace troupe::handlers
