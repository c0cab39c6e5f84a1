/// VIEW_BROKER_STATS_DATA: how many messages a topic has got, or a group has
/// consumed, in the last minute, hour and day. A topic's are counted in the log
/// by their store times; a group's rate of the last half minute is all that is
/// known of it.
#include "gateway/handlers/consume_stats.hpp"

#include "remoting/bodies/admin_bodies.hpp"

#include <array>
#include <cmath>
#include <memory>

namespace troupe::handlers {

namespace {

constexpr std::array<std::int64_t, 3> spans_s{60, 3600, 86'400};

struct counted_topic {
  caller from;
  std::array<std::int64_t, 3> sums{};
  std::size_t open = 0; ///< answers to come
};

void answer_stats(gateway_context& context, const caller& from,
                  const remoting::broker_stats& stats) {
  context.answer(from, remoting::response_code::success, {}, {},
                 remoting::encode_broker_stats(stats));
}

void finish(gateway_context& context, counted_topic& work) {
  if (--work.open > 0)
    return;
  remoting::broker_stats stats;
  for (std::size_t i = 0; i < spans_s.size(); ++i)
    stats.spans[i] = {work.sums[i], static_cast<double>(work.sums[i])
                                      / static_cast<double>(spans_s[i])};
  answer_stats(context, work.from, stats);
}

void count_topic(gateway_context& context, const caller& from,
                 const topic_view& view) {
  auto work = std::make_shared<counted_topic>();
  work->from = from;
  work->open = view.queues.size() * spans_s.size() + 1;
  auto now = now_ms();
  for (const auto& queue : view.queues)
    context.ask(
      from, queue, query_range{}, [=, &context](const queue_range& range) {
        for (std::size_t i = 0; i < spans_s.size(); ++i)
          context.ask(from, queue, find_offset{now + -1000 * spans_s[i]},
                      [=, &context](const offset_found& first) {
                        work->sums[i] +=
                          std::max<std::int64_t>(range.max - first.offset, 0);
                        finish(context, *work);
                      });
      });
  finish(context, *work);
}

void count_group(gateway_context& context, const caller& from,
                 const std::string& topic, const std::string& group) {
  gather_consume_stats(
    context, group, topic, [=, &context](const group_stats& found) {
      remoting::broker_stats stats;
      auto minute =
        std::llround(found.per_second * static_cast<double>(spans_s.front()));
      stats.spans.front() = {minute, found.per_second};
      answer_stats(context, from, stats);
    });
}

} // namespace

void view_broker_stats_data(gateway_context& context, request& asked) {
  auto from = asked.from;
  std::string name{asked.command.find("statsName")};
  std::string key{asked.command.find("statsKey")};
  if (name == "TOPIC_PUT_NUMS")
    return context.ask(from, context.options().directory,
                       find_topic{key, {}, false},
                       [&context, from](const topic_view& view) {
                         count_topic(context, from, view);
                       });
  auto at = key.find('@');
  if (name == "GROUP_GET_NUMS" && at != key.npos)
    return count_group(context, from, key.substr(0, at), key.substr(at + 1));
  context.fail(from, make_error(errc::counter_not_found,
                                "The stats <" + name
                                  + "> is not counted here; there are "
                                    "TOPIC_PUT_NUMS with key topic and "
                                    "GROUP_GET_NUMS with key topic@group"));
}

} // namespace troupe::handlers
