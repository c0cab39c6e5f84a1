/// QUERY_CONSUME_TIME_SPAN: from when to when the messages of each queue are,
/// up to when the group has come, and how long the next one has waited.
#include "gateway/handlers/topic_queue.hpp"

#include "remoting/bodies/admin_bodies.hpp"

#include <algorithm>
#include <map>
#include <memory>

namespace troupe::handlers {

namespace {

struct time_span_work {
  caller from;
  std::map<std::int32_t, queue_offset> progress;
  std::vector<remoting::time_span_row> rows;
  std::size_t open = 0;
};

/// Store times of the first, last, last consumed and next message of a queue,
/// one after the other.
void ask_times(
  gateway_context& context, const queue_actor& queue,
  std::vector<queue_offset> offsets, std::vector<std::int64_t> times,
  const std::function<void(const std::vector<std::int64_t>&)>& then) {
  if (times.size() == offsets.size())
    return then(times);
  auto next = offsets[times.size()];
  auto got = [=, &context](std::int64_t time) {
    auto more = times;
    more.push_back(std::max<std::int64_t>(time, 0));
    ask_times(context, queue, offsets, more, then);
  };
  if (next.value < 0)
    return got(0);
  context.ask_or(
    queue, query_store_time{next},
    [got](const store_time_found& x) { got(x.time.value); },
    [got](caf::error&) { got(0); });
}

void add_time_span(gateway_context& context,
                   const std::shared_ptr<time_span_work>& work,
                   const queue_actor& queue, std::size_t place) {
  auto& row = work->rows[place];
  auto known = work->progress.find(row.queue.queue.queue.value);
  auto offset =
    known == work->progress.end() ? queue_offset{-1} : known->second;
  context.ask(
    work->from, queue, query_range{}, [=, &context](const queue_range& range) {
      auto waits = offset.value >= 0 && offset < range.max;
      auto next = waits ? std::max(offset, range.min) : queue_offset{-1};
      auto consumed = offset > range.min ? offset + -1 : queue_offset{-1};
      ask_times(context, queue, {range.min, range.max + -1, consumed, next}, {},
                [=, &context](const std::vector<std::int64_t>& times) {
                  auto& mine = work->rows[place];
                  mine.min_time = times[0];
                  mine.max_time = times[1];
                  mine.consume_time = times[2] > 0 ? times[2] : times[0];
                  mine.delay_ms = times[3] > 0 ? now_ms().value - times[3] : 0;
                  if (--work->open == 0)
                    context.answer(work->from, remoting::response_code::success,
                                   {}, {},
                                   remoting::encode_time_span(work->rows));
                });
    });
}

} // namespace

void query_consume_time_span(gateway_context& context, request& asked) {
  auto work = std::make_shared<time_span_work>();
  work->from = asked.from;
  std::string topic{asked.command.find("topic")};
  std::string group{asked.command.find("group")};
  auto with_topic = [=, &context](const topic_view& view) {
    work->open = view.queues.size();
    for (std::size_t i = 0; i < view.queues.size(); ++i) {
      remoting::time_span_row row;
      row.queue = {context.options().broker_name,
                   {topic, {static_cast<std::int32_t>(i)}}};
      work->rows.push_back(std::move(row));
    }
    for (std::size_t i = 0; i < view.queues.size(); ++i)
      add_time_span(context, work, view.queues[i], i);
  };
  auto with_progress = [=, &context](const group_offsets& offsets) {
    for (const auto& row : offsets.rows)
      work->progress[row.queue.queue.value] = row.offset;
    context.ask(work->from, context.options().directory,
                find_topic{topic, {}, false}, with_topic);
  };
  ask_group(context, asked.from, group, false, list_offsets{topic},
            with_progress);
}

} // namespace troupe::handlers
