#include "gateway/pulling.hpp"

#include "remoting/command_codec.hpp"

#include "troupe/model/names.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <tuple>

namespace troupe {

namespace {

using remoting::response_code;

/// The subscription to filter with, or why the pull is refused.
caf::expected<subscription_ptr> filter_of(gateway_context& context,
                                          const group_snapshot& group,
                                          const pull_request& wish) {
  auto topic = wish.topic.view();
  if ((wish.sys_flag & pull_flag::has_subscription) != 0) {
    auto made = std::make_shared<subscription>();
    made->topic = topic;
    made->expression = wish.expression.str();
    made->version = wish.subscription_version;
    if (auto type = wish.expression_type.view();
        !type.empty() && type != "TAG") {
      made->type = expression_type::sql92;
      auto filter = context.filters().compile(wish.expression.view());
      if (!filter)
        return std::move(filter.error());
      made->sql = std::move(*filter);
    } else {
      auto filter = tag_filter::compile(wish.expression.view());
      if (!filter)
        return std::move(filter.error());
      made->filter = std::move(*filter);
    }
    return subscription_ptr{std::move(made)};
  }
  if (!group.online)
    return make_error(errc::subscription_not_found,
                      "the consumer's group info not exist: no heartbeat of "
                      "group["
                        + group.config.name + "] has arrived yet");
  if (group.model == message_model::broadcasting
      && !group.config.consume_broadcast_enable)
    return make_error(errc::no_permission,
                      "the consumer group[" + group.config.name
                        + "] can not consume by broadcast way");
  auto found = group.subscriptions.find(topic);
  if (found == group.subscriptions.end())
    return make_error(errc::subscription_not_found,
                      "the consumer's subscription not exist: group["
                        + group.config.name + "] topic[" + std::string{topic}
                        + "]");
  if (found->second->version < wish.subscription_version)
    return make_error(errc::subscription_not_latest,
                      "the consumer's subscription not latest");
  if (found->second->type == expression_type::sql92 && !found->second->sql) {
    auto again = context.filters().compile(found->second->expression);
    if (!again && is(again.error(), errc::filter_disabled))
      return std::move(again.error());
    return make_error(errc::filter_not_found,
                      "the group's filter does not work: "
                        + (again ? "its next heartbeat settles that"
                                 : context_of(again.error())));
  }
  return found->second;
}

caf::error why_refused(const gateway_context& context,
                       const group_snapshot& group, const topic_config& topic,
                       const pull_request& wish) {
  const auto& options = context.options();
  if ((options.broker_permission & permission::read) == 0)
    return make_error(errc::no_permission, "the broker[" + options.broker_name
                                             + "] pulling message is "
                                               "forbidden");
  if (!group.config.consume_enable)
    return make_error(errc::no_permission,
                      "subscription group no permission, " + group.config.name);
  if ((topic.perm & permission::read) == 0)
    return make_error(errc::no_permission,
                      "the topic[" + topic.name
                        + "] pulling message is forbidden");
  if (wish.queue < 0 || wish.queue >= topic.read_queues)
    return make_error(errc::invalid_argument,
                      "queueId[" + std::to_string(wish.queue)
                        + "] is illegal, topic:[" + topic.name
                        + "] topicConfig.readQueueNums:["
                        + std::to_string(topic.read_queues) + "]");
  return caf::none;
}

const char* text_of(pull_status status) {
  switch (status) {
    case pull_status::found:
      return "FOUND";
    case pull_status::no_matched_message:
      return "NO_MATCHED_MESSAGE";
    case pull_status::no_matched_logic_queue:
      return "NO_MATCHED_LOGIC_QUEUE";
    case pull_status::no_message_in_queue:
      return "NO_MESSAGE_IN_QUEUE";
    case pull_status::offset_too_small:
      return "OFFSET_TOO_SMALL";
    case pull_status::offset_overflow_one:
      return "OFFSET_OVERFLOW_ONE";
    case pull_status::offset_overflow_badly:
      return "OFFSET_OVERFLOW_BADLY";
    case pull_status::busy:
      return "BUSY";
    case pull_status::failed:
      return "FAILED";
  }
  return "";
}

/// Sheet semantics 5.2.
response_code code_of(const pull_outcome& outcome) {
  switch (outcome.status) {
    case pull_status::found:
      return response_code::success;
    case pull_status::no_matched_message:
      return response_code::pull_retry_immediately;
    case pull_status::no_matched_logic_queue:
    case pull_status::no_message_in_queue:
      return outcome.asked.value != 0 ? response_code::pull_offset_moved
                                      : response_code::pull_not_found;
    case pull_status::offset_overflow_one:
      return response_code::pull_not_found;
    case pull_status::offset_too_small:
    case pull_status::offset_overflow_badly:
      return response_code::pull_offset_moved;
    case pull_status::busy:
      return response_code::system_busy;
    case pull_status::failed:
      return response_code::system_error;
  }
  return response_code::system_error;
}

/// Copies short runs, borrows long ones; sheet caf-notes 2.5.
void append_runs(out_buffer& out, std::span<const borrowed_bytes> runs) {
  for (const auto& run : runs) {
    if (run.size < limits::borrow_bytes_min)
      out.tail().append(run.view());
    else
      out.borrow(run);
  }
}

} // namespace

caf::expected<pull_request> read_pull_request(const request& asked) {
  const auto& command = asked.command;
  pull_request wish;
  wish.from = asked.from;
  wish.group = asked.slice(command.find("consumerGroup"));
  wish.topic = asked.slice(command.find("topic"));
  auto queue = command.int32("queueId");
  auto offset = command.int64("queueOffset");
  auto messages = command.int32("maxMsgNums");
  auto flags = command.int32("sysFlag");
  if (!queue)
    return std::move(queue.error());
  if (!offset)
    return std::move(offset.error());
  if (!messages)
    return std::move(messages.error());
  if (!flags)
    return std::move(flags.error());
  wish.queue = *queue;
  wish.offset = *offset;
  wish.messages_max = *messages;
  wish.sys_flag = *flags;
  wish.commit_offset = command.int64_or("commitOffset", 0);
  wish.park_ms = command.int64_or("suspendTimeoutMillis", 0);
  wish.expression = asked.slice(command.find("subscription"));
  wish.expression_type = asked.slice(command.find("expressionType"));
  wish.subscription_version = command.int64_or("subVersion", 0);
  wish.bytes_max = command.int32_or("maxMsgBytes", limits::pull_bytes_default);
  return wish;
}

void pull(gateway_context& context, pull_request wish) {
  auto* group = context.find_known_group(wish.group.view());
  if (group == nullptr) {
    if (auto why = names::why_bad_group(wish.group.view()); !why.empty())
      return context.fail(wish.from, make_error(errc::invalid_argument, why));
    context.fetch_group(
      wish.from, {wish.group.str(), context.options().auto_create_groups},
      [&context, wish] { pull(context, wish); });
    return;
  }
  auto* topic = context.find_known_topic(wish.topic.view());
  if (topic == nullptr) {
    context.fetch_topic(wish.from, {wish.topic.str(), {}, false},
                        [&context, wish] { pull(context, wish); });
    return;
  }
  if (context.options().await_links)
    return context.fail(
      wish.from,
      make_error(errc::not_ready,
                 "the custom actors of the broker are starting; retry"));
  const auto& snapshot = *group->snapshot;
  if (auto error = why_refused(context, snapshot, topic->config(), wish))
    return context.fail(wish.from, error);
  auto filter = filter_of(context, snapshot, wish);
  if (!filter)
    return context.fail(wish.from, filter.error());
  if (!snapshot.resets.empty()) {
    queue_key key{wish.topic.str(), {wish.queue}};
    if (auto reset = snapshot.resets.find(key);
        reset != snapshot.resets.end()) {
      context.self()->send(group->actor, take_reset{key});
      auto next = std::to_string(reset->second.value);
      return context.answer(wish.from, response_code::pull_offset_moved,
                            "OFFSET_RESET",
                            {{"suggestWhichBrokerId", "0"},
                             {"nextBeginOffset", next},
                             {"minOffset", "0"},
                             {"maxOffset", next}});
    }
  }
  auto may_park = (wish.sys_flag & pull_flag::may_park) != 0;
  if ((wish.sys_flag & pull_flag::commit_offset) != 0)
    context.commit(*group,
                   {{wish.topic.str(), {wish.queue}}, {wish.commit_offset}});
  pull_row row;
  row.from = wish.from;
  row.offset = {wish.offset};
  row.messages_max =
    std::clamp(wish.messages_max, 1, limits::pull_messages_max);
  row.bytes_max = std::clamp(wish.bytes_max, 1, limits::pull_bytes_max);
  auto now = now_ms();
  context.note_pull(*group, *topic, {wish.queue},
                    {row.offset, wish.from.connection, now});
  if (may_park) {
    auto longest = std::chrono::milliseconds{limits::park_max}.count();
    row.park_until = now + std::clamp<std::int64_t>(wish.park_ms, 0, longest);
  }
  if (!(*filter)->wants_everything())
    row.filter = std::move(*filter);
  context.deliveries().expect(row.from, wish.topic, wish.group);
  context.pulls(*topic, {wish.queue}).push_back(std::move(row));
}

namespace {

/// Bytes of an answer that are copied.
std::size_t copied_bytes(std::span<const borrowed_bytes> runs) {
  std::size_t bytes = 0;
  for (const auto& run : runs)
    if (run.size < limits::borrow_bytes_min)
      bytes += run.size;
  return bytes;
}

/// Whether there is memory for an answer; refuses the pull when there is not:
/// the client asks again for the same messages.
bool may_answer(gateway_context& context, const pull_outcome& outcome,
                std::span<const borrowed_bytes> runs) {
  auto bytes = copied_bytes(runs);
  if (bytes == 0)
    return true;
  if (!context.has_room(bytes)) {
    context.refuse_for_memory(outcome.from);
    return false;
  }
  auto* to = context.connections().find(outcome.from.connection);
  if (to == nullptr
      || to->out.text_bytes() + bytes <= limits::out_connection_bytes_max)
    return true;
  ++context.counters().refused_answers;
  context.fail(outcome.from,
               make_error(errc::busy,
                          "broker busy: " + std::to_string(to->out.text_bytes())
                            + " bytes of answers wait for this client to read "
                              "them; read on, then ask again"));
  return false;
}

} // namespace

namespace {

void answer_pull(gateway_context& context, const pull_outcome& outcome,
                 std::span<const borrowed_bytes> runs) {
  --context.waiting_pulls;
  if (!may_answer(context, outcome, runs))
    return;
  if (outcome.status == pull_status::busy) {
    ++context.counters().refused_waiting;
    return context.fail(
      outcome.from,
      make_error(errc::busy,
                 "broker busy: "
                   + std::to_string(limits::parked_pulls_per_queue_max)
                   + " pulls wait at this queue already, as many "
                     "as may; retry in a second"));
  }
  auto* to = context.begin_answer(outcome.from);
  if (to == nullptr)
    return;
  auto& counters = context.counters();
  counters.pulled_messages += outcome.messages;
  counters.pulled_bytes += outcome.bytes;
  remoting::pull_result result;
  result.code = code_of(outcome);
  result.remark = text_of(outcome.status);
  result.next = outcome.next.value;
  result.min = outcome.min.value;
  result.max = outcome.max.value;
  remoting::append_pull_response(to->out.tail(), outcome.from.encoding,
                                 outcome.from.opaque, result, outcome.bytes);
  append_runs(to->out, runs);
  context.recount(*to);
}

/// A pull that was asked before a filter came: its client asks again.
void ask_anew(gateway_context& context, pull_outcome outcome) {
  outcome.status = pull_status::no_matched_message;
  outcome.next = outcome.asked;
  outcome.bytes = 0;
  outcome.messages = 0;
  answer_pull(context, outcome, {});
}

} // namespace

void answer_pulls(gateway_context& context, pull_done& done) {
  using course = delivery_filters::course;
  auto& deliveries = context.deliveries();
  for (const auto& outcome : done.rows) {
    auto runs = std::span{done.runs}.subspan(outcome.first_run, outcome.runs);
    auto how = deliveries.course_of(outcome.from);
    if (outcome.status == pull_status::failed) {
      if (how == course::judged)
        std::ignore =
          deliveries.arrived(outcome, {}); // there is nothing to judge
      --context.waiting_pulls;
      context.fail(outcome.from, make_error(errc::log_read_failed, done.why));
    } else if (how == course::direct
               || (how == course::outdated && outcome.messages == 0)) {
      answer_pull(context, outcome, runs);
    } else if (how == course::outdated) {
      ask_anew(context, outcome);
    } else {
      std::vector<delivery_filters::delivery> one;
      one.push_back(deliveries.arrived(outcome, {runs.begin(), runs.end()}));
      go_on(context, std::move(one));
    }
  }
}

void go_on(gateway_context& context,
           std::vector<delivery_filters::delivery> all) {
  for (auto& x : all) {
    auto next = context.deliveries().hold(std::move(x), now_ms());
    if (!next) {
      context.send_soon();
    } else if (next->refused) {
      --context.waiting_pulls;
      context.fail(next->outcome.from, next->refused);
    } else {
      answer_pull(context, next->outcome, next->runs);
    }
  }
}

} // namespace troupe
