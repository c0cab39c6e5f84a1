/// Which records of the log mean something to transactions, timers and
/// delays. The one place that knows: the log's actor and recovery both ask
/// here.
#pragma once

#include "storage/record.hpp"

#include "troupe/model/log_event.hpp"

#include <vector>

namespace troupe::storage {

/// The fields of a record that decide, encoded or not.
struct event_source {
  std::string_view topic;
  std::string_view body;
  std::string_view properties;
  queue_offset offset;
  log_offset position;
  log_offset prepared_offset;
  epoch_ms store_time;
  std::int32_t sys_flag = 0;
};

inline event_source source_of(const record_view& record) {
  return {record.topic,      record.body,     record.properties,
          record.offset,     record.position, record.prepared_offset,
          record.store_time, record.sys_flag};
}

/// Appends what the record means; nothing for most.
void add_log_events(const event_source& record, std::vector<log_event>& to);

} // namespace troupe::storage
