#include "gateway/replying.hpp"

#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"

namespace troupe {

namespace {

/// PUSH_REPLY_MESSAGE_TO_CLIENT for `message`.
remoting::command push_of(const send_request& message) {
  auto push = remoting::make_request(
    remoting::request_code::push_reply_message_to_client);
  auto now = std::to_string(now_ms().value);
  auto number = [](auto x) { return std::to_string(x); };
  push.fields = {
    {"producerGroup", message.producer_group.str()},
    {"topic", message.topic.str()},
    {"defaultTopic", message.default_topic.str()},
    {"defaultTopicQueueNums", number(message.default_topic_queues)},
    {"queueId", number(message.queue)},
    {"sysFlag", number(message.sys_flag)},
    {"bornTimestamp", number(message.born_time)},
    {"flag", number(message.flag)},
    {"properties", properties::with(message.properties.view(),
                                    properties::push_reply_time, now)},
    {"reconsumeTimes", number(message.reconsume_times)},
    {"unitMode", message.unit_mode ? "true" : "false"},
    {"bornHost", to_string(message.born_host)},
    {"storeHost", to_string(message.store_host)},
    {"storeTimestamp", now},
  };
  push.body = message.body;
  return push;
}

/// Answers that nobody got the reply; stores it all the same.
void fail_push(gateway_context& context, send_request message,
               const caf::error& why) {
  context.fail(message.from, why);
  message.from.oneway = true; // has its answer
  send(context, std::move(message));
}

} // namespace

void reply(gateway_context& context, send_request message) {
  auto topic = message.topic.view();
  if (auto why = names::why_bad_topic(topic); !why.empty())
    return context.fail(message.from, make_error(errc::invalid_argument, why));
  std::string client{
    properties::find(message.properties.view(), properties::reply_to_client)};
  if (client.empty())
    return fail_push(context, std::move(message),
                     make_error(errc::producer_not_online,
                                "reply message properties[REPLY_TO_CLIENT] is "
                                "null"));
  auto to = context.find_client(client);
  if (!to)
    return fail_push(context, std::move(message),
                     make_error(errc::producer_not_online,
                                "push reply message fail, channel of <" + client
                                  + "> not found."));
  auto question = call_client{*to, push_of(message)};
  auto failed = [&context, message, client](const caf::error& error) {
    fail_push(context, message,
              make_error(errc::client_gone, "push reply message to <" + client
                                              + "> fail: " + describe(error)));
  };
  // The gateway itself ends the call after client_call_timeout.
  context.self()
    ->request(context.handle(), caf::infinite, std::move(question))
    .then(
      [&context, message, failed](const client_answer& answer) {
        if (answer.command.code != 0)
          return failed(make_error(errc::client_gone,
                                   "the client answered "
                                     + std::to_string(answer.command.code) + " "
                                     + answer.command.remark));
        send(context, message);
      },
      [failed](caf::error& error) { failed(error); });
}

} // namespace troupe
