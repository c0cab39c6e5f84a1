/// send: messages into a topic, by the door that clients use.
#include "admin/sending.hpp"
#include "admin/verbs/verbs_of_node.hpp"

#include "troupe/model/properties.hpp"

namespace troupe::verbs {

namespace {

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

} // namespace

answer send(admin_context& context, arguments& words) {
  outgoing message;
  message.queue =
    words.number("queue", -1, 0, limits::queues_per_topic_max - 1);
  auto count = words.number("count", 1, 1, 100'000);
  message.properties = read_properties(words);
  message.topic = words.required("TOPIC");
  message.body = words.required("BODY");
  if (auto error = words.finish())
    return error;
  // A producer learns from the route that it may not; the broker takes it.
  if (auto view = context.find_topic(message.topic);
      view && (view->config->perm & permission::write) == 0)
    return make_error(errc::no_permission, "topic " + message.topic
                                             + " takes no messages: its perm "
                                               "has no w");
  auto link = open_broker(context);
  if (!link)
    return std::move(link.error());
  table result;
  result.columns = {"topic", "queue", "offset", "id", "offset_id"};
  for (std::int64_t i = 0; i < count; ++i) {
    auto sent = send_message(*link, message);
    if (!sent)
      return std::move(sent.error());
    if (result.rows.size() == limits::admin_rows_max)
      result.note =
        "all " + std::to_string(count) + " were sent; only the first are shown";
    else
      result.rows.push_back(
        {message.topic, sent->queue, sent->offset, sent->id, sent->offset_id});
  }
  if (result.rows.size() == 1)
    result.shape = table_shape::fields;
  return result;
}

} // namespace troupe::verbs
