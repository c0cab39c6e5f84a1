#include "storage/commit_log.hpp"

#include "storage/damage_count.hpp"
#include "storage/log_scan.hpp"

#include "troupe/assert.hpp"
#include "troupe/limits.hpp"
#include "troupe/log.hpp"

#include <algorithm>
#include <cstring>

namespace troupe::storage {

segment_ptr log_reader::find(log_offset position) const {
  auto behind = std::ranges::upper_bound(
    segments_, position, {}, [](const auto& x) { return x->start(); });
  if (behind == segments_.begin() || position >= end_)
    return nullptr;
  const auto& found = *(behind - 1);
  return position < found->end() ? found : nullptr;
}

caf::expected<borrowed_bytes>
log_reader::read_record(log_offset position) const {
  auto where = find(position);
  if (!where)
    return make_error(errc::message_not_found,
                      "can not find message by the offset, "
                        + std::to_string(position.value));
  auto read = careful_reader{*where}.look(position);
  if (!read)
    return std::move(read.error());
  const auto& found = *read;
  if (found.what == log_content::damaged) {
    damaged_records.fetch_add(1, std::memory_order_relaxed);
    log::error("commit_log", "a damaged record is not served")
      .with("segment", where->backing()->path())
      .with("log_offset", position.value)
      .with("why", found.why);
    return make_error(errc::corrupt_record, found.why + " at log offset "
                                              + std::to_string(position.value));
  }
  if (found.what != log_content::record)
    return make_error(errc::message_not_found,
                      "can not find message by the offset, "
                        + std::to_string(position.value));
  return borrowed_bytes{where, where->data(position), found.record.size};
}

commit_log::commit_log(commit_log_options options)
  : options_(std::move(options)) {}

caf::expected<std::unique_ptr<commit_log>>
commit_log::open(commit_log_options options, log_offset trusted,
                 const visitor& visit, recovered_log& found) {
  std::unique_ptr<commit_log> result{new commit_log{std::move(options)}};
  if (auto error = result->load())
    return error;
  if (auto error = result->recover(trusted, visit, found))
    return error;
  return result;
}

caf::error commit_log::load() {
  const auto& directory = options_.directory;
  if (auto error = make_directories(directory))
    return error;
  auto listed = list_directory(directory);
  if (!listed)
    return std::move(listed.error());
  auto names = std::move(*listed);
  std::erase_if(names, [](const auto& x) { return start_of_name(x) < 0; });
  if (!names.empty())
    if (auto error = mend_last(names))
      return error;
  for (const auto& name : names) {
    auto start = start_of_name(name);
    if (!path_exists(directory + "/" + name))
      continue; // mended
    if (!segments_.empty() && segments_.back()->end().value != start)
      return make_error(errc::corrupt_file,
                        "a segment is missing in " + directory + " between "
                          + std::to_string(segments_.back()->end().value)
                          + " and " + name
                          + "; put it back, or move the ones before it away");
    auto opened = segment::open(directory, {start}, options_.segment_bytes);
    if (!opened)
      return std::move(opened.error());
    segments_.push_back(std::move(*opened));
  }
  if (!segments_.empty())
    return caf::none;
  auto first = segment::create(directory, {0}, options_.segment_bytes);
  if (!first)
    return std::move(first.error());
  segments_.push_back(std::move(*first));
  return caf::none;
}

/// The last segment may have been in the making when the node ended, or was
/// copied without its unused end.
caf::error commit_log::mend_last(const std::vector<std::string>& names) {
  auto path = options_.directory + "/" + names.back();
  auto last = file::open(path, open_mode::read_write);
  if (!last)
    return std::move(last.error());
  auto size = (*last)->size();
  if (!size)
    return std::move(size.error());
  if (*size == options_.segment_bytes)
    return caf::none;
  if ((*last)->next_data(0) < 0) {
    log::info("commit_log", "a segment without content is made again")
      .with("segment", path)
      .with("bytes", *size);
    return remove_file(path);
  }
  if (*size > options_.segment_bytes || names.size() == 1)
    return caf::none; // segment::open says what is wrong
  log::warning("commit_log", "the last segment is short and made whole")
    .with("segment", path)
    .with("bytes", *size);
  return (*last)->allocate(options_.segment_bytes);
}

caf::error commit_log::recover(log_offset trusted, const visitor& visit,
                               recovered_log& found) {
  auto at = std::max(trusted, min());
  if (at > segments_.back()->end()) {
    log::error("commit_log", "the checkpoint is ahead of the log, everything "
                             "is verified")
      .with("checkpoint", trusted.value)
      .with("log_end", segments_.back()->end().value);
    at = min();
  }
  for (auto i = index_of(at); i < segments_.size(); ++i) {
    const auto& here = *segments_[i];
    at = std::max(at, here.start());
    careful_reader reader{here};
    bool whole = false; // the segment ends with a blank
    while (!whole) {
      reader.walk_to(at);
      auto next = reader.look(at);
      if (next && next->what == log_content::record) {
        visit(next->record);
        ++found.records;
        found.bytes += next->record.size;
        at += next->record.size;
        continue;
      }
      if (next && next->what == log_content::blank) {
        whole = true;
        continue;
      }
      // Only the end of the log may hold nothing or half a record. If valid
      // records follow, this is damage: they are not given up for it.
      const auto* following =
        i + 1 < segments_.size() ? segments_[i + 1].get() : nullptr;
      auto resume = find_record_after(here, following, at);
      if (resume == at)
        return cut(at, found);
      if (!next || next->what == log_content::damaged || resume != here.end())
        log::error("commit_log", "damaged bytes skipped")
          .with("segment", here.backing()->path())
          .with("log_offset", at.value)
          .with("bytes", resume - at)
          .with("why", why_damaged(next));
      found.damaged_bytes += resume - at;
      at = resume;
      whole = at == here.end();
    }
  }
  return cut(at, found);
}

caf::error commit_log::cut(log_offset end, recovered_log& found) {
  tail_ = index_of(end);
  written_bytes rest;
  if (auto there = careful_reader{tail()}.look(end);
      !there || there->what != log_content::blank)
    rest = written_after(tail(), end);
  if (rest.unread)
    return make_error(
      errc::log_read_failed,
      context_of(rest.unread) + ": whether acknowledged messages lie at byte "
        + std::to_string(end - tail().start())
        + " and behind cannot be told, so nothing is cut off and the node does "
          "not start; if the disk stays so, put a copy of the file in its "
          "place, made by a program that writes zeros for what cannot be read, "
          "such as ddrescue");
  // Segments behind the end hold no record.
  while (segments_.size() > tail_ + 1) {
    auto path = segments_.back()->backing()->path();
    segments_.pop_back();
    if (auto error = remove_file(path))
      return error;
  }
  // Left-overs of unfinished writes must never be taken for records later.
  const auto& last = tail();
  if (!rest.bytes.empty()) {
    found.cut_bytes = static_cast<std::int64_t>(rest.bytes.size());
    std::ranges::fill(rest.bytes, '\0');
    if (auto error = last.backing()->write(end - last.start(), rest.bytes))
      return error;
    if (auto error = last.backing()->sync())
      return error;
    log::warning("commit_log", "unfinished record cut off")
      .with("log_offset", end.value)
      .with("bytes", found.cut_bytes);
  }
  written_ = end_ = from_disk_end_ = end;
  return caf::none;
}

std::size_t commit_log::index_of(log_offset position) const {
  if (position >= segments_.back()->start())
    return segments_.size() - 1; // most are, and a division costs
  auto index = (position - min()) / options_.segment_bytes;
  return std::min(static_cast<std::size_t>(index), segments_.size() - 1);
}

caf::error commit_log::reserve(std::size_t bytes) {
  auto left = tail().end() - end_;
  if (static_cast<std::int64_t>(bytes + blank_bytes) <= left)
    return caf::none;
  if (static_cast<std::int64_t>(bytes + blank_bytes) > options_.segment_bytes)
    return make_error(errc::illegal_message,
                      "a message of " + std::to_string(bytes)
                        + " bytes does not fit a segment of "
                        + std::to_string(options_.segment_bytes));
  return roll();
}

/// Sees to it that there is a segment behind the one in use.
caf::error commit_log::make_next() {
  if (tail_ + 1 < segments_.size())
    return caf::none;
  if (!prepared_) {
    auto made =
      segment::create(options_.directory, next_start(), options_.segment_bytes);
    if (!made)
      return std::move(made.error());
    prepared_ = std::move(*made);
  }
  segments_.push_back(std::move(prepared_));
  prepared_ = nullptr;
  return caf::none;
}

caf::error commit_log::roll() {
  if (auto error = make_next())
    return error;
  auto rest = tail().end() - end_;
  if (rest >= static_cast<std::int64_t>(blank_bytes))
    encode_blank(static_cast<std::uint32_t>(rest), grow(blank_bytes));
  end_ = tail().end();
  ++tail_;
  runs_.push_back({segments_[tail_], end_, pending_bytes_, 0});
  return caf::none;
}

char* commit_log::grow(std::size_t bytes) {
  if (runs_.empty())
    runs_.push_back({segments_[tail_], end_, pending_bytes_, 0});
  if (pending_bytes_ + bytes > pending_capacity_) {
    auto capacity = std::max(pending_capacity_ * 2, pending_bytes_ + bytes);
    capacity = std::max<std::size_t>(capacity, 64u << 10);
    std::unique_ptr<char[]> larger{new char[capacity]};
    if (pending_bytes_ > 0)
      std::memcpy(larger.get(), pending_.get(), pending_bytes_);
    pending_ = std::move(larger);
    pending_capacity_ = capacity;
  }
  auto* at = pending_.get() + pending_bytes_;
  pending_bytes_ += bytes;
  runs_.back().size += bytes;
  return at;
}

log_offset commit_log::append(const record_draft& draft, std::size_t size) {
  TROUPE_ASSERT(static_cast<std::int64_t>(size + blank_bytes)
                  <= tail().end() - end_,
                "room has been reserved for a record");
  auto position = end_;
  encode_record(draft, position, size, grow(size));
  end_ += static_cast<std::int64_t>(size);
  return position;
}

caf::error commit_log::write() {
  if (!dirty_.empty() && !runs_.empty())
    if (auto error = blank_behind(*runs_.front().target))
      return error;
  for (auto next = runs_.begin(); next != runs_.end(); ++next) {
    auto error = write_run(*next);
    if (!error)
      continue;
    // What the ones before it got is stale, too.
    for (auto x = runs_.begin(); x <= next; ++x) {
      auto& dirty_end = dirty_[x->target->start()];
      dirty_end =
        std::max(dirty_end, x->position + static_cast<std::int64_t>(x->size));
    }
    return error;
  }
  if (!dirty_.empty())
    for (const auto& next : runs_)
      dirty_.erase(next.target->start());
  written_ = end_;
  runs_.clear();
  pending_bytes_ = 0;
  static constexpr std::size_t kept_bytes_max = 4u << 20;
  if (pending_capacity_ > kept_bytes_max) {
    pending_.reset();
    pending_capacity_ = 0;
  }
  return caf::none;
}

caf::error commit_log::write_run(const run& next) {
  if (next.size == 0)
    return caf::none;
  const auto& target = *next.target;
  auto reached = next.position + static_cast<std::int64_t>(next.size);
  if (auto error =
        target.backing()->write(next.position - target.start(),
                                {pending_.get() + next.begin, next.size}))
    return error;
  // An earlier write failed half way: nothing of it may be found here.
  if (auto dirty = dirty_.find(target.start()); dirty != dirty_.end())
    if (auto error = write_zeros(target, reached, dirty->second))
      return error;
  if (unsynced_.empty() || unsynced_.back() != next.target)
    unsynced_.push_back(next.target);
  return caf::none;
}

/// What a failed write left in later segments goes before anything is written
/// in front of it: it would be taken for what follows.
caf::error commit_log::blank_behind(const segment& first) {
  for (auto dirty = dirty_.upper_bound(first.start()); dirty != dirty_.end();) {
    const auto& target = segments_[index_of(dirty->first)];
    if (auto error = write_zeros(*target, dirty->first, dirty->second))
      return error;
    unsynced_.push_back(target);
    dirty = dirty_.erase(dirty);
  }
  return caf::none;
}

caf::error commit_log::write_zeros(const segment& target, log_offset from,
                                   log_offset to) {
  if (to <= from)
    return caf::none;
  std::string zeros(static_cast<std::size_t>(to - from), '\0');
  return target.backing()->write(from - target.start(), zeros);
}

void commit_log::discard_unwritten() {
  runs_.clear();
  pending_bytes_ = 0;
  end_ = written_;
  tail_ = index_of(end_);
}

caf::error commit_log::sync_from(log_offset position) const {
  for (const auto& x : segments_)
    if (x->end() > position)
      if (auto error = x->backing()->sync())
        return error;
  return caf::none;
}

caf::error commit_log::abandon(log_offset from) {
  discard_unwritten();
  auto fresh = end_ == tail().start() && end_ > from; // by an earlier call
  if (!fresh)
    if (auto error = make_next())
      return error;
  auto behind = fresh ? tail_ : tail_ + 1;
  for (auto i = index_of(from); i < behind; ++i) {
    const auto& closed = segments_[i];
    auto at = std::max(from, closed->start());
    auto rest = closed->end() - at;
    char blank[blank_bytes];
    encode_blank(static_cast<std::uint32_t>(rest), blank);
    if (rest >= static_cast<std::int64_t>(blank_bytes))
      if (auto error = closed->backing()->write(at - closed->start(),
                                                {blank, sizeof blank}))
        return error;
    unsynced_.push_back(closed);
  }
  tail_ = behind;
  written_ = end_ = tail().start();
  dirty_.erase(dirty_.begin(), dirty_.lower_bound(end_));
  unsynced_.push_back(segments_[tail_]);
  return caf::none;
}

std::vector<file_ptr> commit_log::take_unsynced() {
  std::vector<file_ptr> files;
  for (const auto& x : unsynced_)
    files.push_back(x->backing());
  unsynced_.clear();
  return files;
}

bool commit_log::wants_next() const {
  return !prepared_ && tail_ + 1 == segments_.size()
         && tail().end() - end_ < options_.segment_bytes / 2;
}

void commit_log::adopt_next(segment_ptr made) {
  if (made && tail_ + 1 == segments_.size() && made->start() == next_start())
    prepared_ = std::move(made);
}

std::optional<borrowed_bytes> commit_log::read(log_offset position,
                                               std::uint32_t size) const {
  if (position < min() || position + size > written_)
    return {};
  const auto& where = segments_[index_of(position)];
  if (position + size > where->end())
    return {};
  return borrowed_bytes{where, where->data(position), size};
}

void commit_log::prefetch(log_offset position, std::uint32_t size) const {
  constexpr std::uint32_t line = 64; // bytes; more are fetched by themselves
  constexpr std::uint32_t most = 6 * line;
  if (position < min() || position + size > written_)
    return;
  const auto& where = segments_[index_of(position)];
  if (position + size > where->end())
    return;
  const auto* at = where->data(position);
  for (std::uint32_t i = 0; i < std::min(size, most); i += line)
    __builtin_prefetch(at + i);
}

bool commit_log::is_resident(log_offset position, std::int64_t bytes) const {
  auto end = position + bytes;
  while (position < end) {
    auto next = resident_until(position, end);
    if (next == position)
      return false;
    position = next;
  }
  return true;
}

log_offset commit_log::resident_until(log_offset position,
                                      log_offset upto) const {
  // What this process has written lately, the kernel still has.
  if (position >= from_disk_end_
      && written_ - position <= limits::resident_bytes)
    return upto;
  if (position < min())
    return upto;
  const auto& where = *segments_[index_of(position)];
  return where.resident_until(position, std::min(upto, where.end()));
}

log_reader commit_log::reader() const {
  return {{segments_.begin(), segments_.end()}, written_};
}

std::vector<std::string> commit_log::drop_before(log_offset position) {
  std::vector<std::string> paths;
  while (tail_ > 0 && segments_.front()->end() <= position) {
    paths.push_back(segments_.front()->backing()->path());
    segments_.pop_front();
    --tail_;
  }
  return paths;
}

} // namespace troupe::storage
