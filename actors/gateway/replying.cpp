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

using then_fn = std::function<void(const caf::error&)>;

/// Hands `message` to `client`; `then` hears whether it has taken it.
void push(gateway_context& context, const std::string& client,
          const send_request& message, const then_fn& then) {
  if (client.empty())
    return then(make_error(errc::producer_not_online,
                           "reply message properties[REPLY_TO_CLIENT] is "
                           "null"));
  auto to = context.find_client(client);
  if (!to)
    return then(make_error(errc::producer_not_online,
                           "push reply message fail, channel of <" + client
                             + "> not found."));
  auto failed = [client, then](const std::string& why) {
    then(make_error(errc::client_gone,
                    "push reply message to <" + client + "> fail: " + why));
  };
  // The gateway itself ends the call after client_call_timeout.
  context.self()
    ->request(context.handle(), caf::infinite,
              call_client{*to, push_of(message)})
    .then(
      [failed, then](const client_answer& answer) {
        if (answer.command.code == 0)
          return then(caf::none);
        failed("the client answered " + std::to_string(answer.command.code)
               + " " + answer.command.remark);
      },
      [failed](const caf::error& error) { failed(describe(error)); });
}

} // namespace

void reply(gateway_context& context, send_request message) {
  auto topic = message.topic.view();
  if (auto why = names::why_bad_topic(topic); !why.empty())
    return context.fail(message.from, make_error(errc::invalid_argument, why));
  std::string client{
    properties::find(message.properties.view(), properties::reply_to_client)};
  push(context, client, message,
       [&context, message](const caf::error& error) mutable {
         if (error) {
           context.fail(message.from, error);
           message.from.oneway = true; // has its answer; stored all the same
         }
         send(context, std::move(message));
       });
}

void reply(gateway_context& context, push_reply& letter, then_fn then) {
  send_request message;
  message.from.oneway = true; // nobody waits for what becomes of the copy
  message.producer_group = payload::copy_of(letter.sender);
  message.topic =
    payload::copy_of(names::reply_topic_of(context.options().cluster));
  message.default_topic = payload::copy_of(names::auto_create_topic);
  message.born_time = now_ms().value;
  message.born_host = message.store_host = context.own_host();
  message.properties = std::move(letter.properties);
  message.body = std::move(letter.body);
  push(context, letter.client, message,
       [&context, message, then](const caf::error& error) mutable {
         then(error);
         send(context, std::move(message));
       });
}

} // namespace troupe
