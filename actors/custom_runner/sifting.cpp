#include "custom_runner/sifting.hpp"

#include "custom_runner/judging.hpp"
#include "remoting/zlib_text.hpp"

namespace troupe {

namespace {

void inflate_body(custom::message& m, std::int32_t sys_flag,
                  std::string& inflated) {
  if (!is_zlib(sys_flag))
    return;
  if (auto whole = remoting::inflate(m.body)) {
    inflated = std::move(*whole);
    m.body = inflated;
  }
}

/// Adds a record to the last run when it lies right behind it.
void keep(filter_outcome& outcome, const borrowed_bytes& run,
          std::string_view record) {
  auto size = static_cast<std::uint32_t>(record.size());
  outcome.bytes += size;
  ++outcome.messages;
  if (!outcome.runs.empty()) {
    auto& last = outcome.runs.back();
    if (last.owner == run.owner && last.data + last.size == record.data()) {
      last.size += size;
      return;
    }
  }
  outcome.runs.push_back({run.owner, record.data(), size});
}

} // namespace

custom::message message_of(const storage::record_view& record,
                           std::string& inflated) {
  custom::message m;
  m.topic = record.topic;
  m.body = record.body;
  m.properties = record.properties;
  m.queue = record.queue.value;
  m.offset = record.offset.value;
  m.born_ms = record.born_time.value;
  m.stored_ms = record.store_time.value;
  m.reconsume_times = record.reconsume_times;
  m.flag = record.flag;
  inflate_body(m, record.sys_flag, inflated);
  return m;
}

custom::message half_of(const check_transaction& x, std::string& inflated) {
  custom::message m;
  m.topic = x.topic.view();
  m.body = x.body.view();
  m.properties = x.properties.view();
  m.queue = x.queue;
  m.offset = x.half.value;
  m.born_ms = x.born_time.value;
  m.stored_ms = x.store_time.value;
  m.reconsume_times = x.reconsume_times;
  m.flag = x.flag;
  inflate_body(m, x.sys_flag, inflated);
  return m;
}

filter_outcome sift(custom::performer& by, const filter_row& row,
                    sift_counts& counts) {
  filter_outcome outcome;
  outcome.number = row.number;
  auto fail = [&](std::string why) {
    outcome.runs.clear();
    outcome.bytes = 0;
    outcome.messages = 0;
    outcome.failed = why.empty() ? "it is not running" : std::move(why);
    return std::move(outcome);
  };
  for (const auto& run : row.runs) {
    auto rest = run.view();
    while (!rest.empty()) {
      auto record = storage::decode_record(rest, storage::record_check::none);
      if (!record)
        return fail(context_of(record.error()));
      std::string inflated;
      auto m = message_of(*record, inflated);
      auto wanted =
        by.is_ready() ? by.filter(m, row.group.view()) : std::optional<bool>{};
      if (!wanted)
        return fail(by.last_error());
      ++counts.judged;
      if (*wanted)
        keep(outcome, run, rest.substr(0, record->size));
      else
        ++counts.withheld;
      rest.remove_prefix(record->size);
    }
  }
  return outcome;
}

} // namespace troupe
