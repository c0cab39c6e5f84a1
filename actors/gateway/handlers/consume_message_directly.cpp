/// CONSUME_MESSAGE_DIRECTLY: hands one stored message to one consumer and
/// passes its verdict on.
#include "gateway/handlers/ask_client.hpp"

#include <charconv>

namespace troupe::handlers {

namespace {

/// The log offset at the end of an offset message id; -1 when it is none.
std::int64_t position_of(std::string_view id) {
  constexpr std::size_t digits = 16;
  std::uint64_t value = 0;
  if (id.size() != 32 && id.size() != 56)
    return -1;
  auto text = id.substr(id.size() - digits);
  auto [end, code] =
    std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return code == std::errc{} && end == text.data() + text.size()
           ? static_cast<std::int64_t>(value)
           : -1;
}

} // namespace

void consume_message_directly(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  auto question =
    remoting::make_request(remoting::request_code::consume_message_directly);
  for (const auto& [name, value] : command.fields())
    question.fields.emplace_back(name, value);
  question.fields.emplace_back("brokerName", context.options().broker_name);
  auto from = asked.from;
  context.ask(
    from, context.options().log,
    read_records{{{position_of(command.find("msgId"))}}},
    [&context, from, question,
     group = std::string{command.find("consumerGroup")},
     client = std::string{command.find("clientId")}](const record_bytes& x) {
      auto whole = question;
      whole.body = x.records.front();
      ask_client(context, from, group, client, std::move(whole));
    });
}

} // namespace troupe::handlers
