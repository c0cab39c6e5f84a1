/// send: messages into a topic, by the door that clients use.
#include "admin/broker_link.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"

#include <array>

namespace troupe::verbs {

namespace {

constexpr std::string_view producer_group = "troupe-shell";

/// Builds the property text; keeps what is wrong in `words`.
std::string read_properties(arguments& words) {
  std::string text;
  auto put = [&](std::string_view name, const std::string& value) {
    if (value.empty()
        || value.find_first_of(
             std::string{properties::name_end, properties::value_end})
             != value.npos)
      words.refuse("the property " + std::string{name}
                   + " needs a value without control characters");
    properties::append(text, name, value);
  };
  if (auto tag = words.option("tag"))
    put(properties::tags, *tag);
  if (auto key = words.option("key"))
    put(properties::keys, *key);
  if (auto level = words.number("delay-level", 0, 1, 1000); level > 0)
    put(properties::delay, std::to_string(level));
  for (const auto& pair : words.all("property")) {
    auto equals = pair.find('=');
    if (equals == pair.npos || equals == 0)
      words.refuse("--property is NAME=VALUE, not `" + pair + "`");
    else
      put(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return text;
}

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

answer send(admin_context& context, arguments& words) {
  auto queue = words.number("queue", -1, 0, limits::queues_per_topic_max - 1);
  auto count = words.number("count", 1, 1, 100'000);
  auto text = read_properties(words);
  auto topic = words.required("TOPIC");
  auto body = words.required("BODY");
  if (auto error = words.finish())
    return error;
  const auto& node = context.node();
  if (node.broker_port == 0)
    return make_error(errc::not_supported, "this node is no broker");
  // A producer learns from the route that it may not; the broker takes it.
  if (auto view = context.find_topic(topic);
      view && (view->config->perm & permission::write) == 0)
    return make_error(errc::no_permission, "topic " + topic
                                             + " takes no messages: its perm "
                                               "has no w");
  auto link = broker_link::open(node.listen, node.broker_port);
  if (!link)
    return std::move(link.error());
  table result;
  result.columns = {"topic", "queue", "offset", "id", "offset_id"};
  for (std::int64_t i = 0; i < count; ++i) {
    auto request =
      remoting::make_request(remoting::request_code::send_message_v2);
    request.fields = {{"a", std::string{producer_group}},
                      {"b", topic},
                      {"c", std::string{names::auto_create_topic}},
                      {"d", std::to_string(limits::default_topic_queues)},
                      {"e", std::to_string(queue)},
                      {"f", "0"},
                      {"g", std::to_string(now_ms().value)},
                      {"h", "0"},
                      {"i", text},
                      {"j", "0"},
                      {"k", "false"},
                      {"m", "false"}};
    request.body = payload::copy_of(body);
    auto response = link->call(std::move(request), limits::ask_timeout);
    if (!response)
      return std::move(response.error());
    if (response->code != static_cast<int>(remoting::response_code::success))
      return refused(*response);
    if (result.rows.size() == limits::admin_rows_max) {
      result.note =
        "all " + std::to_string(count) + " were sent; only the first are shown";
      continue;
    }
    auto number = [&](const char* field) {
      return cell{
        std::strtoll(std::string{response->field(field)}.c_str(), nullptr, 10)};
    };
    result.rows.push_back({topic, number("queueId"), number("queueOffset"),
                           response->field("transactionId"),
                           response->field("msgId")});
  }
  if (result.rows.size() == 1)
    result.shape = table_shape::fields;
  return result;
}

} // namespace troupe::verbs
