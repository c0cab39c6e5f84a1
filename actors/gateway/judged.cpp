#include "gateway/judged.hpp"

#include "troupe/model/names.hpp"

#include <iterator>

namespace troupe {

namespace {

using outcomes = std::span<intercept_outcome>;

/// As a client would send it. What a topic is made from, should it have been
/// deleted meanwhile, is not kept: the node's own template.
send_request request_of(const held_rows& held, append_row& row,
                        std::size_t judged_by) {
  send_request result;
  result.from = row.from;
  result.topic = payload::copy_of(held.topic->name);
  result.default_topic = payload::copy_of(names::auto_create_topic);
  result.default_topic_queues = limits::default_topic_queues;
  result.queue = held.queue.value;
  result.sys_flag = row.sys_flag;
  result.born_time = row.born_time.value;
  result.flag = row.flag;
  result.properties = std::move(row.properties);
  result.reconsume_times = row.reconsume_times;
  result.body = std::move(row.body);
  result.born_host = row.born_host;
  result.store_host = row.store_host;
  result.judged_by = judged_by;
  return result;
}

/// Its topic as it is now; null when the queue is not there any more.
known_topic* topic_of(gateway_context& context, const held_rows& held) {
  auto* topic = context.find_known_topic(held.topic->name);
  if (topic == nullptr)
    return nullptr;
  const auto& config = topic->config();
  auto queues = std::max(config.read_queues, config.write_queues);
  return held.queue.value < queues ? topic : nullptr;
}

/// Holds a row for the next one who judges its topic.
void hold(gateway_context& context, std::size_t place, known_topic& topic,
          queue_id queue, append_row& row);

/// Rows that all who have judged them have let pass.
void pass_on(gateway_context& context, held_rows& held, std::size_t judged_by) {
  auto* topic = topic_of(context, held);
  if (topic == nullptr) { // found, made or refused as if they had just come
    for (auto& row : held.rows)
      send(context, request_of(held, row, judged_by));
    return;
  }
  if (auto judge = context.judge_of(*topic, judged_by)) {
    for (auto& row : held.rows)
      hold(context, *judge, *topic, held.queue, row);
    return;
  }
  context.open_appends += held.answers;
  auto& round = context.appends(*topic, held.queue);
  if (round.empty())
    round = std::move(held.rows);
  else
    std::move(held.rows.begin(), held.rows.end(), std::back_inserter(round));
}

void pass_one(gateway_context& context, const held_rows& held, append_row& row,
              std::size_t judged_by) {
  held_rows one{held.topic, held.queue, {}};
  one.answers = row.from.oneway ? 0 : 1;
  one.rows.push_back(std::move(row));
  pass_on(context, one, judged_by);
}

void hold(gateway_context& context, std::size_t place, known_topic& topic,
          queue_id queue, append_row& row) {
  auto& judges = context.judges();
  context.send_soon();
  auto bytes = row.body.size() + row.properties.size();
  if (judges.has_room(place, bytes)) {
    auto from = row.from;
    judges.hold(place, topic, queue, from, bytes) = std::move(row);
    return;
  }
  if (auto refused = judges.why_full(place))
    return context.fail(row.from, refused);
  pass_one(context, {topic.view.config, queue, {}}, row, place + 1);
}

/// Those of `said` about the rows before `end`; they are taken off it.
outcomes take_before(outcomes& said, std::size_t end) {
  std::size_t count = 0;
  while (count < said.size() && said[count].row < end)
    ++count;
  auto taken = said.first(count);
  said = said.subspan(count);
  return taken;
}

void settle_send(gateway_context& context, held_send& held, outcomes said,
                 const interceptors::ended_batch& ended) {
  auto& request = held.request;
  request.judged_by = ended.judged_by;
  if (said.empty())
    return send_checked(context, request);
  auto& outcome = said.front();
  if (auto refused = interceptors::apply(outcome, *ended.link, request))
    return context.fail(request.from, refused);
  outcome.what == interception::changed ? send(context, std::move(request))
                                        : send_checked(context, request);
}

/// Row by row: something was said of one at least.
void settle_rows(gateway_context& context, held_rows& held, std::size_t first,
                 outcomes said, const interceptors::ended_batch& ended) {
  for (std::size_t i = 0; i < held.rows.size(); ++i) {
    auto& row = held.rows[i];
    auto of_it = take_before(said, first + i + 1);
    if (of_it.empty()) {
      pass_one(context, held, row, ended.judged_by);
      continue;
    }
    auto request = request_of(held, row, ended.judged_by);
    auto& outcome = of_it.front();
    if (auto refused = interceptors::apply(outcome, *ended.link, request))
      context.fail(request.from, refused);
    else
      send(context, std::move(request));
  }
}

} // namespace

void hold(gateway_context& context, std::size_t place, known_topic& topic,
          send_request& message) {
  auto& judges = context.judges();
  context.send_soon();
  if (judges.has_room(place, message.body.size() + message.properties.size()))
    return judges.hold(place, topic, std::move(message));
  if (auto refused = judges.why_full(place))
    return context.fail(message.from, refused);
  message.judged_by = place + 1;
  send_checked(context, message);
}

void settle(gateway_context& context, intercept_done& done) {
  auto ended = context.judges().take_back(done.number);
  outcomes said{done.rows};
  std::size_t at = 0;
  visit_in_order(
    ended.held,
    [&](held_send& held) {
      auto of_it = take_before(said, ++at);
      if (!held.freed)
        settle_send(context, held, of_it, ended);
    },
    [&](held_rows& held) {
      auto first = at;
      auto of_them = take_before(said, at += held.rows.size());
      if (held.freed)
        return;
      if (of_them.empty())
        pass_on(context, held, ended.judged_by);
      else
        settle_rows(context, held, first, of_them, ended);
    });
  context.send_soon(); // what came meanwhile is the next batch
}

void go_on(gateway_context& context, freed_sends freed) {
  visit_in_order(
    freed,
    [&](freed_sends::one& x) {
      if (x.refused)
        context.fail(x.request.from, x.refused);
      else
        send(context, std::move(x.request));
    },
    [&](freed_sends::many& x) {
      if (!x.refused)
        return pass_on(context, x.held, x.judged_by);
      for (const auto& row : x.held.rows)
        context.fail(row.from, x.refused);
    });
}

} // namespace troupe
