/// Settings that arrive as a list: one after the other to the directory, and
/// the first one that is refused ends it with its error.
#pragma once

#include "gateway/handlers/handlers.hpp"

#include <memory>
#include <utility>
#include <vector>

namespace troupe::handlers {

template <class Message, class Config>
void update_each(gateway_context& context, const caller& from,
                 std::shared_ptr<std::vector<Config>> rest) {
  if (rest->empty())
    return context.answer(from, remoting::response_code::success);
  Message message{std::move(rest->back())};
  rest->pop_back();
  context.ask(from, context.options().directory, std::move(message),
              [&context, from, rest](const directory_changed&) {
                update_each<Message>(context, from, rest);
              });
}

} // namespace troupe::handlers
