#include "storage/scrub.hpp"

#include "storage/big_endian.hpp"
#include "storage/recovery.hpp"

#include "troupe/model/names.hpp"

#include <algorithm>
#include <utility>

namespace troupe::storage {

namespace {

constexpr std::size_t open_segments_max = 2; // here, and where a row leads

/// Rows of one queue as they lie in its files; none where there is none.
class stored_rows {
public:
  stored_rows(std::string directory, std::int64_t file_rows)
    : directory_(std::move(directory)),
      file_rows_(file_rows) {}

  caf::expected<consume_row> at(queue_offset offset) {
    if (offset < first_ || offset >= first_ + count_)
      if (auto error = load(offset))
        return error;
    if (offset >= first_ + count_)
      return consume_row{};
    return decode_row(bytes_.data() + (offset - first_) * consume_row_bytes);
  }

private:
  caf::error load(queue_offset offset) {
    constexpr std::int64_t rows_at_once = 816;
    first_ = offset;
    count_ = 0;
    auto index = offset.value / file_rows_;
    auto path =
      directory_ + "/" + start_name(index * file_rows_ * consume_row_bytes);
    if (index != index_) {
      file_.reset();
      index_ = index;
      auto opened = file::open(path, open_mode::read_only);
      if (!opened && path_exists(path))
        return std::move(opened.error());
      if (opened)
        file_ = std::move(*opened);
    }
    if (!file_)
      return caf::none;
    auto in_file = file_rows_ - offset.value % file_rows_;
    auto wanted = std::min(rows_at_once, in_file) * consume_row_bytes;
    bytes_.resize(static_cast<std::size_t>(wanted));
    auto got =
      file_->read_without_ahead(offset.value % file_rows_ * consume_row_bytes,
                                bytes_.data(), bytes_.size());
    if (!got)
      return std::move(got.error());
    count_ = static_cast<std::int64_t>(*got) / consume_row_bytes;
    return caf::none;
  }

  std::string directory_;
  std::int64_t file_rows_;
  std::int64_t index_ = -1;
  file_ptr file_;
  queue_offset first_; // row that bytes_ begin with
  std::int64_t count_ = 0;
  std::string bytes_;
};

/// A row that has a message, or had one.
bool has_place(const consume_row& row) {
  return row.size > 0 && row.size != unused_start_size;
}

} // namespace

void scrub::follow(std::vector<known_segment> segments) {
  segments_ = std::move(segments);
  std::erase_if(open_, [this](const auto& open) {
    return std::ranges::none_of(
      segments_, [&](const auto& x) { return x.end == open.first; });
  });
}

caf::expected<segment_ptr> scrub::segment_at(log_offset position) {
  auto found =
    std::ranges::upper_bound(segments_, position, {}, &known_segment::end);
  if (found == segments_.end() || position < found->end + -found->bytes)
    return segment_ptr{};
  if (auto open = open_.find(found->end); open != open_.end())
    return open->second;
  auto opened =
    segment::open(directory_ + "/commitlog", found->end + -found->bytes,
                  found->bytes, open_mode::read_only);
  if (!opened)
    return std::move(opened.error());
  if (open_.size() >= open_segments_max)
    open_.erase(open_.begin());
  open_.emplace(found->end, *opened);
  return *opened;
}

caf::expected<scrubbed_piece> scrub::look(log_offset from, log_offset end,
                                          std::int64_t bytes) {
  scrubbed_piece result;
  result.next = from;
  rows_by_queue rows;
  if (auto error = gather(from, end, bytes, rows, result))
    return error;
  for (const auto& [key, wanted] : rows)
    if (auto error = compare(key, wanted, result))
      result.unread.push_back(context_of(error));
  return result;
}

/// Reads the records of the piece, all in one segment.
caf::error scrub::gather(log_offset from, log_offset end, std::int64_t bytes,
                         rows_by_queue& rows, scrubbed_piece& result) {
  auto where = segment_at(from);
  if (!where && is(where.error(), errc::corrupt_file)) {
    auto whole =
      std::ranges::upper_bound(segments_, from, {}, &known_segment::end);
    result.next = std::min(end, whole->end);
    result.damages.push_back({directory_ + "/commitlog", from,
                              result.next - from, context_of(where.error())});
    return caf::none;
  }
  if (!where)
    return std::move(where.error());
  if (!*where) { // it has gone meanwhile
    result.next = std::max(from, std::min(end, from + bytes));
    return caf::none;
  }
  const auto& here = **where;
  auto was_resident = here.is_resident(from, bytes);
  auto at = from;
  auto limit = std::min({end, here.end(), from + bytes});
  careful_reader reader{here};
  reader.prepare(from, limit);
  while (at < limit) {
    auto next = reader.look(at);
    if (!next) {
      // What lies behind cannot be found without it.
      limit = std::min(end, here.end());
      result.damages.push_back(
        {here.backing()->path(), at, limit - at, context_of(next.error())});
      at = limit;
      break;
    }
    if (next->what == log_content::blank) {
      at = here.end();
      break;
    }
    if (next->what == log_content::record) {
      if (has_row(next->record))
        rows[{std::string{next->record.topic}, next->record.queue}].push_back(
          {next->record.offset, row_of(next->record, {})});
      ++result.records;
      at += next->record.size;
      continue;
    }
    auto resume = find_record_after(here, nullptr, at);
    if (resume == at) // nothing valid follows in this segment
      resume = std::min(end, here.end());
    result.damages.push_back(
      {here.backing()->path(), at, resume - at, why_damaged(next)});
    at = resume;
  }
  here.unload(from, at - from);
  if (!was_resident)
    here.backing()->forget(from - here.start(), at - from);
  result.next = at;
  return caf::none;
}

caf::error scrub::compare(const queue_key& key,
                          const std::vector<placed_row>& rows,
                          scrubbed_piece& result) {
  stored_rows stored{consume_queue_directory(directory_, key.topic, key.queue),
                     file_rows_};
  for (const auto& wanted : rows) {
    auto found = stored.at(wanted.at);
    if (!found)
      return std::move(found.error());
    auto row = wanted.row;
    // When a delayed message is due depends on levels that are configured.
    if (key.topic == names::schedule_topic)
      row.tags_code = found->tags_code;
    if (*found == row || !is_wrong(key, {wanted.at, row}, *found))
      continue;
    result.wrong[key].push_back({wanted.at, *found, row});
  }
  return caf::none;
}

/// Whether the message belongs where another row stands. It does not when its
/// topic was deleted, and made again: that one's offsets began at 0, too, and
/// its messages lie behind.
bool scrub::is_wrong(const queue_key& key, const placed_row& wanted,
                     const consume_row& found) {
  if (found == consume_row{})
    return false; // there is none: a start derives what is missing
  if (found.position == wanted.row.position)
    return true;
  if (!has_place(found))
    return false; // given up, with a place near by
  if (found.position < wanted.row.position)
    return true;
  auto where = segment_at(found.position);
  if (!where)
    return false; // the next time
  if (!*where)
    return true;
  auto there = careful_reader{**where}.look(found.position);
  return there && !why_not(*there, key.topic, key.queue, wanted.at).empty();
}

} // namespace troupe::storage
