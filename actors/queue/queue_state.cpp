#include "queue/queue_state.hpp"

#include "filter/sql_filter.hpp"
#include "storage/record.hpp"
#include "storage/recovery.hpp"

#include "troupe/assert.hpp"
#include "troupe/limits.hpp"
#include "troupe/model/names.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// Checking a record waits mostly for its bytes to come from memory: they are
/// asked for while so many records before it are checked.
constexpr std::size_t records_ahead = 3;

bool matches(const subscription_ptr& filter, std::int64_t tags_code) {
  return !filter || filter->filter.matches(tags_code);
}

/// Adds a record to the last run when it lies right behind it.
void add_run(pull_done& done, std::size_t first_run, borrowed_bytes record) {
  if (done.runs.size() > first_run) {
    auto& last = done.runs.back();
    if (last.owner == record.owner && last.data + last.size == record.data) {
      last.size += record.size;
      return;
    }
  }
  done.runs.push_back(std::move(record));
}

} // namespace

queue_state::queue_state(std::shared_ptr<const storage::commit_log> log,
                         storage::consume_queue rows, std::string topic,
                         queue_id queue)
  : log_(std::move(log)),
    rows_(std::move(rows)),
    topic_(std::move(topic)),
    queue_(queue),
    next_(rows_.end()) {}

void queue_state::assign(std::vector<append_row>& batch) {
  for (auto& row : batch) {
    row.offset = next_;
    next_ += 1;
  }
}

void queue_state::take_back(queue_offset first) {
  TROUPE_ASSERT(first >= rows_.end(), "visible messages are not taken back");
  next_ = std::min(next_, first);
}

caf::error queue_state::publish(const appended& event) {
  TROUPE_ASSERT(event.first == rows_.end(),
                "messages become visible in the order of their offsets");
  caf::error failure;
  for (const auto& row : event.rows)
    if (auto error = rows_.append({row.position, row.size, row.tags_code}))
      failure = std::move(error);
  appended_ += static_cast<std::int64_t>(event.rows.size());
  if (!event.rows.empty()) {
    last_store_time_ = event.rows.back().store_time;
    arrivals_.add(static_cast<std::int64_t>(event.rows.size()),
                  last_store_time_);
  }
  return failure;
}

pull_outcome queue_state::outcome_of(const waiting_pull& pull,
                                     pull_status status,
                                     queue_offset next) const {
  pull_outcome outcome;
  outcome.from = pull.row.from;
  outcome.status = status;
  outcome.asked = pull.row.offset;
  outcome.next = next;
  outcome.min = rows_.min();
  outcome.max = rows_.end();
  return outcome;
}

/// The decision table of sheet storage 20.
pull_step queue_state::evaluate(waiting_pull& pull, residency how,
                                pull_done& done) {
  auto offset = std::max(pull.row.offset, pull.seen);
  auto end = rows_.end();
  auto answer = [&](pull_status status, queue_offset next) {
    done.rows.push_back(outcome_of(pull, status, next));
    return pull_step::answered;
  };
  auto may_park = pull.row.park_until.value > 0;
  if (end.value == 0) {
    if (may_park && pull.row.offset.value == 0)
      return pull_step::park;
    return answer(pull_status::no_message_in_queue, {0});
  }
  if (offset < rows_.min())
    return answer(pull_status::offset_too_small, rows_.min());
  if (offset == end)
    return may_park ? pull_step::park
                    : answer(pull_status::offset_overflow_one, offset);
  if (offset > end)
    return answer(pull_status::offset_overflow_badly, end);
  return scan_rows(pull, how, done);
}

pull_step queue_state::scan_rows(waiting_pull& pull, residency how,
                                 pull_done& done) {
  auto offset = std::max(pull.row.offset, pull.seen);
  const auto& filter = pull.row.filter;
  auto wanted = filter ? limits::pull_scan_rows_max : pull.row.messages_max;
  scratch_.clear();
  resident_until_ = {}; // what was in memory may have left it
  auto read = rows_.read(offset, static_cast<std::size_t>(wanted), scratch_);
  if (!read) {
    failure_ = context_of(read.error());
    return pull_step::failed;
  }
  if (*read == storage::consume_queue::read_state::would_block
      && scratch_.empty())
    return read_rows_cold(pull, wanted);
  auto outcome = outcome_of(pull, pull_status::no_matched_message, offset);
  outcome.first_run = static_cast<std::uint32_t>(done.runs.size());
  done.runs.reserve(done.runs.size() + scratch_.size());
  auto budget = static_cast<std::uint32_t>(pull.row.bytes_max);
  for (std::size_t i = 0; i < scratch_.size(); ++i) {
    const auto& row = scratch_[i];
    if (i + records_ahead < scratch_.size()) {
      const auto& ahead = scratch_[i + records_ahead];
      if (ahead.size > 0 && matches(filter, ahead.tags_code))
        log_->prefetch(ahead.position, static_cast<std::uint32_t>(ahead.size));
    }
    if (row.size > 0 && matches(filter, row.tags_code)) {
      auto size = static_cast<std::uint32_t>(row.size);
      if (outcome.messages == pull.row.messages_max
          || (outcome.messages > 0 && outcome.bytes + size > budget))
        break;
      if (is_cold(row, how, pull)) {
        if (outcome.messages > 0)
          break; // what is at hand first; the next pull asks the disk
        pull.seen = outcome.next;
        return pull_step::cold;
      }
      auto record = log_->read(row.position, size);
      if (!record || !holds(outcome.next, row, record->view())) {
        if (outcome.messages > 0)
          break; // what is whole first; the next pull begins with this one
        if (!record && row.position < log_->min() && pull.trimmed < log_->min())
          return pull_step::trim;
        if (!record)
          note_broken(outcome.next, "the row points outside of the log");
        return pull_step::mend;
      }
      if (matches_record(pull, record->view())) {
        add_run(done, outcome.first_run, std::move(*record));
        outcome.bytes += size;
        ++outcome.messages;
      }
    }
    outcome.next += 1;
  }
  outcome.runs =
    static_cast<std::uint32_t>(done.runs.size()) - outcome.first_run;
  if (outcome.messages > 0)
    outcome.status = pull_status::found;
  pulled_ += outcome.messages;
  done.rows.push_back(std::move(outcome));
  return pull_step::answered;
}

/// The rows at `pull` must be read from disk. Tried a few times only: a file
/// that ends before its rows do would have the disk read for ever.
pull_step queue_state::read_rows_cold(waiting_pull& pull, std::int32_t wanted) {
  auto offset = std::max(pull.row.offset, pull.seen);
  auto file = rows_.file_of(offset);
  if (!file) {
    failure_ = context_of(file.error());
    return pull_step::failed;
  }
  if (pull.cold_rows != offset)
    pull.cold_tries = 0;
  pull.cold_rows = offset;
  if (!*file || ++pull.cold_tries > limits::pull_cold_tries_max) {
    failure_ =
      "the consume queue of " + topic_ + ", queue "
      + std::to_string(queue_.value) + ", cannot be read at queue offset "
      + std::to_string(offset.value)
      + "; if this stays so, stop the node and run troupe store repair";
    return pull_step::failed;
  }
  cold_ = {*file, rows_.place_of(offset), wanted * storage::consume_row_bytes,
           0};
  return pull_step::cold;
}

bool queue_state::matches_record(const waiting_pull& pull,
                                 std::string_view record) const {
  const auto& filter = pull.row.filter;
  if (!filter || !filter->sql)
    return true;
  auto message = storage::decode_record(record, storage::record_check::none);
  return message && filter->sql->matches(message->properties);
}

/// Whether the disk must be asked for a record; says what to read then.
bool queue_state::is_cold(const storage::consume_row& row, residency how,
                          waiting_pull& pull) {
  auto assured =
    how == residency::assured && row.position + row.size <= pull.warm_end;
  if (assured || is_resident(row))
    return false;
  auto where = log_->reader().find(row.position);
  if (!where)
    return false; // gone: there is nothing to wait for
  // Neighbours are read along: whoever reads old messages reads on.
  static constexpr std::int64_t read_ahead_bytes = 1 << 20;
  auto bytes = std::max<std::int64_t>(row.size, read_ahead_bytes);
  cold_ = {where->backing(), row.position - where->start(), bytes, row.size};
  pull.warm_end = row.position + bytes;
  return true;
}

/// Looks at what lies behind a record along with it: the records of one pull
/// are neighbours, and one call to the kernel tells of them all.
bool queue_state::is_resident(const storage::consume_row& row) {
  auto end = row.position + row.size;
  if (row.position >= resident_from_ && end <= resident_until_)
    return true;
  resident_from_ = row.position;
  const auto& last = scratch_.back();
  resident_until_ = log_->resident_until(
    row.position, std::max(end, last.position + last.size));
  return end <= resident_until_ || log_->is_resident(row.position, row.size);
}

/// Whether the bytes are the message that the row stands for, whole.
bool queue_state::holds(queue_offset offset, const storage::consume_row& row,
                        std::string_view bytes) {
  if (storage::is_usual_record(bytes, {row.position, queue_, offset, topic_}))
    return true;
  auto record = storage::decode_record(bytes, storage::record_check::crc);
  std::string why;
  if (!record)
    why = context_of(record.error());
  else if (record->position != row.position || record->offset != offset
           || record->queue != queue_ || record->topic != topic_
           || record->size != bytes.size())
    why = "the row points to another message";
  if (why.empty())
    return true;
  note_broken(offset, std::move(why));
  return false;
}

/// The message lies between its neighbours, if their rows can be had.
void queue_state::note_broken(queue_offset offset, std::string why) {
  broken_ = {offset, log_->min(), log_->written(), std::move(why)};
  std::vector<storage::consume_row> near;
  auto is_place = [&](const storage::consume_row& x) {
    return x.size > 0 && x.position >= broken_.from && x.position < broken_.to;
  };
  if (offset > rows_.min()) {
    auto read = rows_.read({offset.value - 1}, 1, near);
    if (read && near.size() == 1 && is_place(near.front()))
      broken_.from = near.front().position;
  }
  near.clear();
  auto read = rows_.read({offset.value + 1}, 1, near);
  if (read && near.size() == 1 && is_place(near.front()))
    broken_.to = near.front().position;
}

caf::error queue_state::mend(const broken_row& broken,
                             std::optional<log_offset> position) {
  auto offset = broken.offset;
  if (offset < rows_.min() || offset >= rows_.end())
    return caf::none; // gone meanwhile
  if (position) {
    auto record = log_->reader().read_record(*position);
    auto view = record ? storage::decode_record(record->view(),
                                                storage::record_check::none)
                       : record.error();
    if (view) {
      auto row = storage::row_of(*view, {});
      // When a delayed message is due depends on levels known elsewhere.
      std::vector<storage::consume_row> old;
      if (topic_ == names::schedule_topic && rows_.read(offset, 1, old)
          && !old.empty())
        row.tags_code = old.front().tags_code;
      return rows_.put(offset, row);
    }
  }
  return rows_.put(offset, {broken.from, storage::damaged_row_size, 0});
}

caf::expected<bool> queue_state::mend(const row_mend& wish) {
  if (!is_due(wish))
    return false;
  const auto& [position, size, tags_code] = wish.wanted;
  if (auto error = rows_.put(wish.at, {position, size, tags_code}))
    return error;
  return true;
}

/// The row must be as it was found, in memory perhaps as it should be; and its
/// message must lie between its neighbours: it may be that of a topic of the
/// same name that was deleted.
bool queue_state::is_due(const row_mend& wish) {
  auto row = [this](queue_offset at) {
    std::vector<storage::consume_row> rows;
    if (at >= rows_.min() && at < rows_.end())
      if (auto read = rows_.read(at, 1, rows); read && rows.size() == 1)
        return std::optional{rows.front()};
    return std::optional<storage::consume_row>{};
  };
  auto is = [](const storage::consume_row& x, const row_content& y) {
    return x.position == y.position && x.size == y.size
           && x.tags_code == y.tags_code;
  };
  auto now = row(wish.at);
  if (!now || (!is(*now, wish.found) && !is(*now, wish.wanted)))
    return false;
  if (wish.found.position == wish.wanted.position)
    return true;
  auto before = row({wish.at.value - 1});
  auto after = row({wish.at.value + 1});
  return (!before || before->position < wish.wanted.position)
         && (!after || after->position > wish.wanted.position);
}

void queue_state::expire(const waiting_pull& pull, pull_done& done) {
  // Rows that the filter passed over are told, or the client would have them
  // looked at again with its next pull.
  auto moved = pull.seen > pull.row.offset;
  auto status = moved                    ? pull_status::no_matched_message
                : rows_.end().value == 0 ? pull_status::no_message_in_queue
                                         : pull_status::offset_overflow_one;
  done.rows.push_back(
    outcome_of(pull, status, std::max(pull.row.offset, pull.seen)));
}

bool queue_state::concerns(waiting_pull& pull, const appended& event) const {
  if (std::max(pull.row.offset, pull.seen) != event.first)
    return true; // it waited for something else: look again
  auto any = std::ranges::any_of(event.rows, [&](const auto& row) {
    if (!matches(pull.row.filter, row.tags_code))
      return false;
    if (!pull.row.filter || !pull.row.filter->sql)
      return true;
    // Just written, so it is in memory.
    auto record =
      log_->read(row.position, static_cast<std::uint32_t>(row.size));
    return record && matches_record(pull, record->view());
  });
  if (!any)
    pull.seen = event.first + static_cast<std::int64_t>(event.rows.size());
  return any;
}

void queue_state::check_invariants() const {
  TROUPE_ASSERT(rows_.min() <= rows_.end(), "a queue's range is a range");
  TROUPE_ASSERT(rows_.end() <= next_,
                "only offsets that were given out become visible");
}

} // namespace troupe
