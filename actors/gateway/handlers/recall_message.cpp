/// RECALL_MESSAGE: a timed message is taken back before its time. Sheets
/// remoting 3.6, semantics 13.
#include "gateway/handlers/handlers.hpp"
#include "remoting/recall_handle.hpp"

namespace troupe::handlers {

namespace {

/// Why the handle is none of this broker's, of this moment.
caf::error why_bad_handle(const gateway_context& context,
                          const remoting::recall_handle& handle,
                          std::string_view topic) {
  auto bad = [](std::string why) {
    return make_error(errc::bad_recall_handle, "recall failed, " + why);
  };
  const auto& options = context.options();
  if (handle.topic != topic)
    return bad("the handle is of topic " + handle.topic);
  if (handle.broker != options.broker_name)
    return bad("the handle is of broker " + handle.broker + ", this is "
               + options.broker_name);
  auto left = handle.due - now_ms();
  if (left <= 0)
    return bad("the message was due " + std::to_string(-left) + " ms ago");
  if (left > options.timer_delay_max_ms)
    return bad("the handle's time is farther ahead than any timer may be");
  return caf::none;
}

} // namespace

void recall_message(gateway_context& context, request& asked) {
  if (!context.options().live.recall_messages)
    return context.fail(
      asked.from, make_error(errc::no_permission,
                             "recall failed, operation is forbidden; the node "
                             "has recall-messages = false"));
  std::string topic{asked.command.find("topic")};
  auto handle =
    remoting::decode_recall_handle(asked.command.find("recallHandle"));
  if (!handle)
    return context.fail(asked.from,
                        make_error(errc::bad_recall_handle,
                                   "recall failed, the handle cannot be read; "
                                   "give the one that the send was answered "
                                   "with"));
  auto take_back = [&context, topic, handle = *handle, from = asked.from] {
    if (auto error = why_bad_handle(context, handle, topic))
      return context.fail(from, error);
    context.ask(
      from, context.options().timers,
      recall_timer{handle.topic, handle.unique_key, handle.due},
      [&context, from, id = handle.unique_key](const timer_recalled&) {
        context.answer(from, remoting::response_code::success, {},
                       {{"msgId", id}});
      });
  };
  if (context.find_known_topic(topic) != nullptr)
    return take_back();
  context.fetch_topic(asked.from, find_topic{topic, {}, false},
                      std::move(take_back));
}

} // namespace troupe::handlers
