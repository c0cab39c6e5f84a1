#include "admin/admin_context.hpp"

namespace troupe {

bool admin_context::pause(std::chrono::milliseconds time) {
  if (!ending_)
    self_.receive([this](const end_admin&) { ending_ = true; },
                  caf::after(time) >> [] {});
  return !ending_;
}

caf::expected<topic_view> admin_context::find_topic(const std::string& name) {
  return ask<topic_view>(node_.directory, troupe::find_topic{name, {}, false});
}

caf::expected<queue_actor> admin_context::find_queue(const std::string& topic,
                                                     queue_id queue) {
  auto view = find_topic(topic);
  if (!view)
    return std::move(view.error());
  auto index = static_cast<std::size_t>(queue.value);
  if (queue.value < 0 || index >= view->queues.size())
    return make_error(errc::queue_not_found,
                      "topic " + topic + " has the queues 0 to "
                        + std::to_string(view->queues.size() - 1));
  return view->queues[index];
}

caf::expected<consumer_group_actor>
admin_context::find_group(const std::string& name) {
  auto found =
    ask<group_found>(node_.directory, troupe::find_group{name, false});
  if (!found)
    return std::move(found.error());
  return found->group;
}

caf::expected<std::vector<queue_range>>
admin_context::ranges_of(const topic_view& topic) {
  std::vector<queue_range> ranges;
  for (const auto& queue : topic.queues) {
    auto range = ask<queue_range>(queue, query_range{});
    if (!range)
      return std::move(range.error());
    ranges.push_back(*range);
  }
  return ranges;
}

caf::error admin_context::in_words(caf::error error) {
  if (error == caf::sec::request_timeout)
    return make_error(errc::busy, "the actor did not answer in time");
  if (error == caf::sec::request_receiver_down)
    return make_error(errc::busy,
                      "the actor ended meanwhile; ask again, the next use "
                      "makes it anew");
  return error;
}

} // namespace troupe
