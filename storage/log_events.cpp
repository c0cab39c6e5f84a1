#include "storage/log_events.hpp"

#include "troupe/model/names.hpp"
#include "troupe/model/properties.hpp"
#include "troupe/model/transactions.hpp"

#include <algorithm>

namespace troupe::storage {

namespace {

using kind = log_event::kind;

log_event event_of(kind what, std::int64_t id, const event_source& record) {
  return {what, id, record.position, record.store_time, 0};
}

std::int64_t number_of(const event_source& record, std::string_view name,
                       std::int64_t absent) {
  return number_in<std::int64_t>(properties::find(record.properties, name),
                                 absent);
}

/// Offsets in the half topic's queue, each followed by a comma.
void add_marks(const event_source& record, std::vector<log_event>& to) {
  const auto* at = record.body.data();
  const auto* end = at + record.body.size();
  while (at < end) {
    std::int64_t offset = 0;
    auto [rest, code] = std::from_chars(at, end, offset);
    if (code == std::errc{})
      to.push_back(event_of(kind::half_closed, offset, record));
    at = std::find(rest, end, ',');
    at = at == end ? end : at + 1;
  }
}

void add_half(const event_source& record, std::vector<log_event>& to) {
  auto opened = event_of(kind::half_opened, record.offset.value, record);
  opened.delay_ms = immunity_ms_of(record.properties);
  to.push_back(opened);
  auto from = number_of(record, properties::resumed_from, -1);
  if (from >= 0)
    to.push_back(event_of(kind::half_resumed, from, record));
}

/// A message whose record names the half message that it ends.
void add_end(kind what, const event_source& record,
             std::vector<log_event>& to) {
  auto half = number_of(record, properties::prepared_queue_offset, -1);
  if (half >= 0)
    to.push_back(event_of(what, half, record));
}

/// A timed message, or the mark that takes one back.
void add_timer(const event_source& record, std::vector<log_event>& to) {
  auto due = number_of(record, properties::timer_out_ms, -1);
  if (due < 0)
    return;
  auto recalls =
    !properties::find(record.properties, properties::timer_delete_key).empty();
  auto foreign =
    properties::find(record.properties, properties::timed_here).empty();
  if (!recalls)
    to.push_back({kind::timer_set,
                  record.position.value,
                  record.position,
                  {due},
                  foreign ? 1 : 0});
  else if (record.prepared_offset.value > 0)
    to.push_back({kind::timer_ended,
                  record.prepared_offset.value - 1,
                  record.position,
                  {due},
                  0});
}

/// A timed message in its real topic. It names its timer by the place of that
/// record and 1, so that none is named by 0.
void add_delivery(const event_source& record, std::vector<log_event>& to) {
  auto due = number_of(record, properties::timer_out_ms, -1);
  if (due >= 0)
    to.push_back({kind::timer_ended,
                  record.prepared_offset.value - 1,
                  record.position,
                  {due},
                  0});
}

} // namespace

void add_log_events(const event_source& record, std::vector<log_event>& to) {
  const auto& topic = record.topic;
  if (record.prepared_offset.value < 0)
    to.push_back(
      event_of(kind::delay_ended, record.prepared_offset.value, record));
  auto committed = (record.sys_flag & sys_flag_transaction) == sys_flag_commit;
  if (committed)
    add_end(kind::half_closed, record, to);
  if (topic == names::timer_topic)
    return add_timer(record, to);
  if (!committed && record.prepared_offset.value > 0)
    add_delivery(record, to);
  if (!topic.starts_with("RMQ_SYS_TRANS_") && !topic.starts_with("TRANS_"))
    return;
  if (topic == names::half_topic)
    add_half(record, to);
  else if (topic == names::half_op_topic)
    add_marks(record, to);
  else if (topic == names::check_max_topic)
    add_end(kind::half_discarded, record, to);
}

} // namespace troupe::storage
