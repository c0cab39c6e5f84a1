#include "storage/derived_state.hpp"

#include "storage/log_events.hpp"
#include "storage/state_rows.hpp"

#include "troupe/assert.hpp"
#include "troupe/log.hpp"

#include <algorithm>
#include <charconv>

namespace troupe::storage {

namespace {

constexpr std::array families{log_family::transactions, log_family::timers,
                              log_family::delays};
static_assert(families.size() == log_families);

// The count of a timer whose end the log does not name.
constexpr std::int32_t foreign_timer = 1;

log_offset& of(std::array<log_offset, log_families>& applied,
               log_family family) {
  return applied[static_cast<std::size_t>(family)];
}

} // namespace

std::string applied_key(log_family family) {
  switch (family) {
    case log_family::transactions:
      return "applied/transactions";
    case log_family::timers:
      return "applied/timers";
    case log_family::delays:
      return "applied/delays";
  }
  TROUPE_ASSERT(false, "every family has a name");
}

caf::expected<log_offset> derived_state::applied() {
  std::set<log_family> absent;
  for (auto family : families) {
    auto row = env_.find(table::meta, applied_key(family));
    if (!row)
      return std::move(row.error());
    auto number = *row ? decode_number(**row) : std::optional<std::int64_t>{};
    of(applied_, family) = {number.value_or(0)};
    if (!number)
      absent.insert(family);
  }
  if (auto error = read_delays())
    return error;
  taking_over_ = of(applied_, log_family::timers).value == 0;
  // Progress that came with the store, a RocketMQ's: what the log says of
  // deliveries is from before it had the store, and its queues may have begun
  // anew since.
  foreign_delays_ = absent.contains(log_family::delays) && !delays_.empty();
  if (foreign_delays_)
    of(applied_, log_family::delays) = std::min(
      of(applied_, log_family::transactions), of(applied_, log_family::timers));
  return *std::ranges::min_element(applied_);
}

log_offset derived_state::latest_applied() const {
  return *std::ranges::max_element(applied_);
}

void derived_state::take(const record_view& record) {
  events_.clear();
  if (taking_over_)
    foreign_.take(record);
  add_log_events(source_of(record), events_);
  for (const auto& event : events_)
    if (record.position >= of(applied_, family_of(event.what)))
      apply(event);
  if (rows_.size() < rows_max_)
    return;
  // What of a RocketMQ's timers is over is known at the end.
  if (taking_over_)
    write_rows();
  else
    write(record.position + record.size);
}

void derived_state::apply(const log_event& event) {
  switch (event.what) {
    case log_event::kind::half_opened:
      return open(event);
    case log_event::kind::half_closed:
      return remove(deadline_kind::half, event.id);
    case log_event::kind::half_discarded:
      remove(deadline_kind::half, event.id);
      return put(deadline_kind::discarded,
                 {{event.time, event.position.value}, event.position, 0});
    case log_event::kind::half_resumed:
      return remove(deadline_kind::discarded, event.id);
    case log_event::kind::timer_set:
      return put(deadline_kind::timer,
                 {{event.time, event.id},
                  event.position,
                  event.delay_ms != 0 ? foreign_timer : 0});
    case log_event::kind::timer_ended:
      return remove(deadline_kind::timer, {event.time, event.id});
    case log_event::kind::delay_ended:
      return deliver({event.id});
  }
}

void derived_state::deliver(log_offset mark) {
  auto source = delayed_source_of(mark);
  if (!source || foreign_delays_)
    return;
  auto& level = delays_[source->level];
  if (level.contains(source->offset))
    return;
  level.add(source->offset);
  changed_delays_.insert(source->level);
}

caf::error derived_state::read_delays() {
  delays_.clear();
  changed_delays_.clear();
  auto passed = env_.for_each(table::delays, [this](auto key, auto value) {
    std::int32_t level = 0;
    auto delivered = decode_delivered(value);
    auto [end, code] =
      std::from_chars(key.data(), key.data() + key.size(), level);
    if (delivered && code == std::errc{})
      delays_[level] = std::move(*delivered);
  });
  return passed ? caf::none : std::move(passed.error());
}

void derived_state::write_delays() {
  for (auto level : changed_delays_)
    change(table::delays, std::to_string(level),
           encode_delivered(delays_.at(level)));
  changed_delays_.clear();
}

void derived_state::open(const log_event& event) {
  auto due = event.time + timing_.first_delay_ms(event.delay_ms);
  put(deadline_kind::half, {{due, event.id}, event.position, 0});
}

void derived_state::put(deadline_kind kind, const deadline& row) {
  change(table::deadlines, encode_deadline_key(kind, row.key),
         encode_deadline(row));
  change(table::deadline_ids, encode_deadline_id(kind, row.key.id),
         encode_number(row.key.due.value));
}

void derived_state::remove(deadline_kind kind, const deadline_key& key) {
  change(table::deadlines, encode_deadline_key(kind, key), {});
  change(table::deadline_ids, encode_deadline_id(kind, key.id), {});
}

void derived_state::remove(deadline_kind kind, std::int64_t id) {
  auto due = find(table::deadline_ids, encode_deadline_id(kind, id));
  if (due)
    remove(kind, deadline_key{{decode_number(*due).value_or(0)}, id});
}

void derived_state::change(table where, std::string key,
                           std::optional<std::string> value) {
  rows_[{where, std::move(key)}] = std::move(value);
}

std::optional<std::string> derived_state::find(table where,
                                               const std::string& key) {
  if (auto known = rows_.find({where, key}); known != rows_.end())
    return known->second;
  auto row = env_.find(where, key);
  if (row)
    return std::move(*row);
  if (!failure_)
    failure_ = std::move(row.error());
  return {};
}

void derived_state::write(log_offset end) {
  for (auto family : families)
    if (auto& applied = of(applied_, family); applied < end) {
      applied = end;
      change(table::meta, applied_key(family), encode_number(end.value));
    }
  write_rows();
}

void derived_state::write_rows() {
  if (failure_)
    return;
  write_delays();
  std::vector<row_change> changes;
  changes.reserve(rows_.size());
  for (auto& [key, value] : rows_)
    changes.push_back({key.first, key.second, std::move(value)});
  rows_.clear();
  if (!changes.empty())
    failure_ = env_.write(changes);
}

caf::error derived_state::finish(log_offset end, const record_reader& read) {
  write_rows();
  // Before the watermark: a start that is killed here looks again.
  if (taking_over_ && !failure_)
    drop_foreign(read);
  write(end);
  return failure_;
}

void derived_state::drop_foreign(const record_reader& read) {
  auto next = encode_deadline_key(deadline_kind::timer, {});
  for (auto more = true; more && !failure_; write_rows()) {
    more = false;
    auto error =
      env_.scan(table::deadlines, next,
                [&](std::string_view key, std::string_view value) {
                  auto row = decode_deadline(deadline_kind::timer, key, value);
                  if (!row)
                    return false;
                  next = key;
                  more = rows_.size() >= rows_max_; // goes on when written
                  if (!more && row->count == foreign_timer
                      && foreign_.is_over(*row, read))
                    remove(deadline_kind::timer, row->key);
                  return !more;
                });
    if (error)
      failure_ = std::move(error);
  }
}

caf::error derived_state::clear() {
  std::vector<row_change> changes;
  for (auto where : {table::deadlines, table::deadline_ids}) {
    auto error = env_.for_each_row(where, [&](std::string_view key, auto) {
      changes.push_back({where, std::string{key}, {}}); // damaged ones, too
    });
    if (error)
      return error;
  }
  // How far a level was delivered without a mark is known here only.
  if (auto error = read_delays())
    return error;
  for (const auto& [level, delivered] : delays_)
    changes.push_back({table::delays, std::to_string(level),
                       encode_delivered(delivered_offsets{delivered.next()})});
  for (auto family : families) {
    of(applied_, family) = {};
    changes.push_back({table::meta, applied_key(family), encode_number(0)});
  }
  return env_.write(changes);
}

} // namespace troupe::storage
