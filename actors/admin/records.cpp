#include "admin/records.hpp"

#include "admin/texts.hpp"
#include "remoting/zlib_text.hpp"
#include "storage/record.hpp"

#include "troupe/model/properties.hpp"

#include <caf/actor_cast.hpp>

#include <algorithm>

namespace troupe {

namespace {

/// A bit of sysFlag, and those that say how. RocketMQ's CompressionType.
constexpr std::int32_t flag_compressed = 1;
constexpr std::int32_t compression_mask = 0x700;
constexpr std::int32_t compression_lz4 = 0x100;
constexpr std::int32_t compression_zstd = 0x200;

const char* compression_of(const storage::record_view& record) {
  auto how = record.sys_flag & compression_mask;
  return how == compression_lz4    ? "lz4"
         : how == compression_zstd ? "zstd"
                                   : "zlib";
}

std::string shown_body(const storage::record_view& record) {
  auto text = plain_body(record);
  return text ? body_text(*text)
              : "(" + std::to_string(record.body.size()) + " bytes, "
                  + compression_of(record) + ")";
}

std::string shown_properties(std::string_view text) {
  std::string shown;
  properties::for_each(text, [&](std::string_view name, std::string_view v) {
    if (name == properties::record_crc)
      return;
    if (!shown.empty())
      shown += ' ';
    shown.append(name).append("=").append(body_text(v));
  });
  return shown;
}

/// One pull. Whoever dies meanwhile ends the wait.
caf::expected<pull_done> pull_once(caf::blocking_actor& self,
                                   const queue_actor& queue, pull_row row) {
  auto wait = std::max<std::int64_t>(row.park_until - now_ms(), 0)
              + std::chrono::milliseconds{limits::ask_timeout}.count();
  caf::expected<pull_done> result =
    make_error(errc::busy, "the queue did not answer in "
                           "time");
  self.monitor(queue);
  self.send(queue,
            pull_batch{{std::move(row)}, caf::actor_cast<pull_asker>(&self)});
  self.receive([&](pull_done& x) { result = std::move(x); },
               [&](const caf::down_msg&) {
                 result = make_error(errc::busy, "the queue ended meanwhile");
               },
               caf::after(std::chrono::milliseconds{wait}) >> [] {});
  self.demonitor(queue.address());
  return result;
}

/// Cuts runs into records.
caf::error take_records(const pull_done& done, std::size_t count,
                        std::vector<std::string>& to) {
  for (const auto& run : done.runs)
    for (auto rest = run.view(); !rest.empty() && to.size() < count;) {
      auto record = storage::decode_record(rest, storage::record_check::none);
      if (!record)
        return std::move(record.error());
      to.emplace_back(rest.substr(0, record->size));
      rest.remove_prefix(record->size);
    }
  return caf::none;
}

} // namespace

caf::expected<std::string> plain_body(const storage::record_view& record) {
  if ((record.sys_flag & flag_compressed) == 0)
    return std::string{record.body};
  std::string_view how = compression_of(record);
  if (how != "zlib")
    return make_error(errc::not_supported,
                      "the body is compressed with " + std::string{how});
  return remoting::inflate(record.body);
}

std::vector<std::string> message_columns() {
  return {"topic", "queue",  "offset",  "id",   "key",
          "tag",   "stored", "retries", "body", "properties"};
}

caf::expected<table_row> message_row(std::string_view bytes) {
  auto record = storage::decode_record(bytes, storage::record_check::crc);
  if (!record)
    return std::move(record.error());
  auto property = [&](std::string_view name) {
    return std::string{properties::find(record->properties, name)};
  };
  return table_row{
    std::string{record->topic},    record->queue.value,
    record->offset.value,          property(properties::unique_key),
    property(properties::keys),    property(properties::tags),
    time_text(record->store_time), record->reconsume_times,
    shown_body(*record),           shown_properties(record->properties)};
}

caf::expected<records_read> read_queue(admin_context& context,
                                       const read_wish& wish) {
  auto queue = context.find_queue(wish.topic, wish.queue);
  if (!queue)
    return std::move(queue.error());
  records_read result;
  result.next = wish.from;
  while (result.records.size() < wish.count) {
    pull_row row;
    row.offset = result.next;
    row.messages_max = static_cast<std::int32_t>(
      std::min<std::size_t>(wish.count - result.records.size(), 32));
    row.filter = wish.filter;
    if (result.records.empty())
      row.park_until = wish.until;
    auto done = pull_once(context.self(), *queue, std::move(row));
    if (!done)
      return std::move(done.error());
    const auto& outcome = done->rows.front();
    result.min = outcome.min;
    result.max = outcome.max;
    if (outcome.status == pull_status::busy)
      return make_error(errc::busy, "the queue is busy; try again");
    if (outcome.status == pull_status::failed)
      return make_error(errc::log_read_failed, done->why);
    auto moved = outcome.next > result.next;
    if (outcome.status == pull_status::found) {
      if (auto error = take_records(*done, wish.count, result.records))
        return error;
    }
    result.next = outcome.next;
    if (outcome.status == pull_status::offset_too_small)
      continue; // to the first that is left
    if (!moved || outcome.status == pull_status::no_message_in_queue)
      break;
  }
  return result;
}

} // namespace troupe
