#include "admin/sending.hpp"

#include "troupe/model/names.hpp"

#include <cstdlib>

namespace troupe {

namespace {

constexpr std::string_view producer_group = "troupe-shell";

/// An answer of the broker that is none of success, as an error of ours.
caf::error refused(const remoting::command& response) {
  using remoting::response_code;
  auto kind = errc::busy;
  switch (static_cast<response_code>(response.code)) {
    case response_code::no_permission:
      kind = errc::no_permission;
      break;
    case response_code::topic_not_exist:
      kind = errc::topic_not_found;
      break;
    case response_code::message_illegal:
      kind = errc::illegal_message;
      break;
    case response_code::invalid_parameter:
      kind = errc::invalid_argument;
      break;
    default:
      break;
  }
  return make_error(kind, response.remark + " (code "
                            + std::to_string(response.code) + ")");
}

} // namespace

caf::expected<broker_link> open_broker(admin_context& context) {
  const auto& node = context.node();
  if (node.broker_port == 0)
    return make_error(errc::not_supported, "this node is no broker");
  return broker_link::open(node.listen, node.broker_port);
}

caf::expected<send_receipt> send_message(broker_link& link,
                                         const outgoing& message) {
  auto request =
    remoting::make_request(remoting::request_code::send_message_v2);
  request.fields = {{"a", std::string{producer_group}},
                    {"b", message.topic},
                    {"c", std::string{names::auto_create_topic}},
                    {"d", std::to_string(limits::default_topic_queues)},
                    {"e", std::to_string(message.queue)},
                    {"f", std::to_string(message.sys_flag)},
                    {"g", std::to_string(now_ms().value)},
                    {"h", "0"},
                    {"i", message.properties},
                    {"j", "0"},
                    {"k", "false"},
                    {"m", "false"}};
  request.body = payload::copy_of(message.body);
  auto response = link.call(std::move(request), limits::ask_timeout);
  if (!response)
    return std::move(response.error());
  if (response->code != static_cast<int>(remoting::response_code::success))
    return refused(*response);
  auto number = [&](const char* field) {
    return std::strtoll(std::string{response->field(field)}.c_str(), nullptr,
                        10);
  };
  return send_receipt{number("queueId"), number("queueOffset"),
                      std::string{response->field("transactionId")},
                      std::string{response->field("msgId")}};
}

} // namespace troupe
