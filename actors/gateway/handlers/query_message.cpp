/// QUERY_MESSAGE: messages of a topic by key or unique key, newest first.
#include "gateway/handlers/handlers.hpp"

namespace troupe::handlers {

void query_message(gateway_context& context, request& asked) {
  const auto& command = asked.command;
  constexpr std::int32_t unique_count_max = 32;
  auto unique = command.boolean_or("_UNIQUE_KEY_QUERY", false);
  find_by_key wish{std::string{command.find("topic")},
                   std::string{command.find("key")},
                   {command.int64_or("beginTimestamp", 0)},
                   {command.int64_or("endTimestamp", INT64_MAX)},
                   unique ? unique_count_max : command.int32_or("maxNum", 32)};
  context.ask(
    asked.from, context.options().log, std::move(wish),
    [&context, from = asked.from](const record_bytes& found) {
      std::string body;
      for (const auto& x : found.records)
        body += x.view();
      if (body.empty())
        return context.answer(from, remoting::response_code::query_not_found,
                              "can not find message, maybe time range not "
                              "correct",
                              {{"indexLastUpdateTimestamp", "0"},
                               {"indexLastUpdatePhyoffset", "0"}});
      auto now = std::to_string(now_ms().value);
      context.answer(
        from, remoting::response_code::success, {},
        {{"indexLastUpdateTimestamp", now}, {"indexLastUpdatePhyoffset", "0"}},
        body);
    });
}

} // namespace troupe::handlers
