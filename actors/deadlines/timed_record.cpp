#include "deadlines/timed_record.hpp"

#include "troupe/actor/row_properties.hpp"
#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"
#include "troupe/model/timers.hpp"

namespace troupe {

using storage::record_view;

std::string timed_properties(std::string_view text, std::string_view topic,
                             queue_id queue, epoch_ms due) {
  auto result = properties::without(text, properties::timer_delete_key);
  result = properties::with(result, properties::real_topic, topic);
  result = properties::with(result, properties::real_queue_id,
                            std::to_string(queue.value));
  result = properties::with(result, properties::timed_here, "1");
  return properties::with(result, properties::timer_out_ms,
                          std::to_string(due.value));
}

void wait_if_timed(placed_row& what, epoch_ms now, std::int64_t delay_max_ms) {
  auto text = what.row.properties.view();
  auto due = timer_due(text, now, delay_max_ms);
  if (!due || !*due)
    return; // at once; that it is not too far off was checked at its send
  auto timed = timed_properties(text, what.topic, {what.queue}, **due);
  set_properties(what.row, timed, property_text::complete);
  what.topic = names::timer_topic;
  what.queue = 0;
}

placed_row delivered_row(const record_view& timed, epoch_ms now) {
  auto text = properties::with(timed.properties, properties::timer_enqueue_ms,
                               std::to_string(timed.store_time.value));
  text = properties::without(text, properties::timed_here);
  text = properties::with(text, properties::timer_dequeue_ms,
                          std::to_string(now.value));
  auto result = placed_as_real(timed, text);
  result.row.prepared_offset = timed.position + 1; // never 0
  return result;
}

placed_row recall_row(const record_view& timed, epoch_ms now) {
  auto value = [&](std::string_view name) {
    return properties::find(timed.properties, name);
  };
  std::string text;
  properties::append(text, properties::tags, "_RECALL_TAG_");
  properties::append(text, properties::timer_out_ms,
                     value(properties::timer_out_ms));
  auto name = std::string{value(properties::real_topic)} + "+"
              + std::string{value(properties::unique_key)};
  properties::append(text, properties::timer_delete_key, name);
  placed_row result{std::string{names::timer_topic}, 0, row_again(timed, text)};
  result.row.body = payload::copy_of("0");
  result.row.born_time = now;
  result.row.prepared_offset = timed.position + 1;
  return result;
}

} // namespace troupe
