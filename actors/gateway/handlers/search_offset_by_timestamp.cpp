/// SEARCH_OFFSET_BY_TIMESTAMP: the message that belongs to a time.
#include "gateway/handlers/handlers.hpp"
#include "gateway/handlers/topic_queue.hpp"

namespace troupe::handlers {

void search_offset_by_timestamp(gateway_context& context, request& asked) {
  auto queue = asked.command.int32("queueId");
  auto time = asked.command.int64("timestamp");
  if (!queue || !time)
    return context.fail(asked.from, !queue ? queue.error() : time.error());
  auto boundary = asked.command.find("boundaryType");
  auto upper = boundary.size() == 5 && (boundary.front() | 0x20) == 0x75; // u
  find_offset wish{{*time},
                   upper ? time_boundary::upper : time_boundary::lower};
  ask_queue(context, asked.from, std::string{asked.command.find("topic")},
            *queue, wish,
            [&context, from = asked.from](const offset_found& found) {
              auto offset = std::to_string(found.offset.value);
              context.answer(from, remoting::response_code::success, {},
                             {{"offset", offset}});
            });
}

} // namespace troupe::handlers
