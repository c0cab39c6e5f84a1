/// UPDATE_AND_CREATE_TOPIC: an administrator creates or changes a topic.
#include "gateway/handlers/handlers.hpp"

#include <algorithm>

namespace troupe::handlers {

namespace {

/// Applies `+name=value,-name` to the attributes.
caf::error apply_attributes(std::string_view text, topic_config& config) {
  while (!text.empty()) {
    auto comma = text.find(',');
    auto word = text.substr(0, comma);
    text = comma == text.npos ? std::string_view{} : text.substr(comma + 1);
    auto sign = word.empty() ? ' ' : word.front();
    auto equals = word.find('=');
    if (sign == '+' && equals != word.npos && equals > 1)
      config.attributes[std::string{word.substr(1, equals - 1)}] =
        word.substr(equals + 1);
    else if (sign == '-' && word.size() > 1)
      config.attributes.erase(std::string{word.substr(1)});
    else
      return make_error(errc::malformed_request,
                        "attribute `" + std::string{word}
                          + "` is neither `+name=value` nor `-name`");
  }
  return caf::none;
}

} // namespace

void update_and_create_topic(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  topic_config config;
  config.name = command.find("topic");
  config.read_queues = command.int32_or("readQueueNums", 16);
  config.write_queues = command.int32_or("writeQueueNums", 16);
  config.perm = command.int32_or("perm", permission::read_write);
  config.sys_flag = command.int32_or("topicSysFlag", 0);
  config.order = command.boolean_or("order", false);
  if (command.find("topicFilterType") == "MULTI_TAG")
    config.filter_type = topic_filter_type::multi_tag;
  if (auto error = apply_attributes(command.find("attributes"), config))
    return context.fail(asked.from, error);
  context.ask(asked.from, context.options().directory,
              update_topic{std::move(config)},
              [&context, from = asked.from](const directory_changed&) {
                context.answer(from, remoting::response_code::success);
              });
}

} // namespace troupe::handlers
