/// INVOKE_BROKER_TO_RESET_OFFSET: an administrator sets a group's progress, by
/// time or (one queue) by offset. The next pull of each queue is told so.
/// Sheet semantics 9.4.
#include "gateway/handlers/topic_queue.hpp"

#include "remoting/bodies/group_bodies.hpp"

#include <memory>

namespace troupe::handlers {

namespace {

struct reset_round {
  std::string topic;
  remoting::reset_form form = remoting::reset_form::object_keys;
  std::vector<offset_row> rows;
  std::size_t open = 0;
};

void finish(gateway_context& context, const caller& from,
            const consumer_group_actor& group,
            const std::shared_ptr<reset_round>& round) {
  context.ask(from, group, reset_offsets{round->rows},
              [&context, from, round](const group_offsets& x) {
                std::vector<remoting::queue_place> places;
                for (const auto& row : x.rows)
                  places.push_back({{context.options().broker_name, row.queue},
                                    row.offset.value});
                context.answer(from, remoting::response_code::success, {}, {},
                               remoting::encode_reset(places, round->form));
              });
}

} // namespace

void invoke_broker_to_reset_offset(gateway_context& context, request& asked) {
  constexpr std::uint8_t language_cpp = 1;
  const auto& command = asked.command;
  auto from = asked.from;
  std::string topic{command.find("topic")};
  auto time = command.int64_or("timestamp", -1);
  auto only = command.int32_or("queueId", -1);
  auto offset = command.int64_or("offset", -1);
  auto form = command.language() == language_cpp
                ? remoting::reset_form::list
                : remoting::reset_form::object_keys;
  auto with_group = [=, &context](const group_found& found) {
    auto on_view = [=, &context](const topic_view& view) {
      auto round = std::make_shared<reset_round>();
      round->topic = topic;
      round->form = form;
      if (only >= 0 && offset >= 0) {
        round->rows.push_back({{topic, {only}}, {offset}});
        return finish(context, from, found.group, round);
      }
      auto add = [=, &context](std::int32_t queue, queue_offset place) {
        round->rows.push_back({{topic, {queue}}, place});
        if (--round->open == 0)
          finish(context, from, found.group, round);
      };
      auto first = only >= 0 ? only : 0;
      auto last = only >= 0 ? only + 1 : view.config->read_queues;
      round->open = static_cast<std::size_t>(last - first);
      for (auto i = first; i < last; ++i) {
        if (time < 0)
          ask_queue(context, from, topic, i, query_range{},
                    [=](const queue_range& x) { add(i, x.max); });
        else
          ask_queue(context, from, topic, i, find_offset{{time}},
                    [=](const offset_found& x) { add(i, x.offset); });
      }
    };
    context.ask(from, context.options().directory, find_topic{topic, {}, false},
                on_view);
  };
  context.ask(from, context.options().directory,
              find_group{std::string{command.find("group")}, false},
              with_group);
}

} // namespace troupe::handlers
