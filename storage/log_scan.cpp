#include "storage/log_scan.hpp"

#include "storage/big_endian.hpp"
#include "storage/store_shape.hpp"

#include "troupe/limits.hpp"

#include <algorithm>
#include <cstring>

namespace troupe::storage {

found_content look_at(const segment& where, log_offset position) {
  auto left = where.end() - position;
  if (left < static_cast<std::int64_t>(blank_bytes))
    return {log_content::blank, {}, {}};
  const auto* at = where.data(position);
  auto size = load<std::uint32_t>(at);
  auto magic = load<std::uint32_t>(at + record_at::magic);
  if (magic == magic_blank && size == left)
    return {log_content::blank, {}, {}};
  if (size == 0 && magic == 0)
    return {log_content::nothing, {}, {}};
  auto record =
    decode_record({at, static_cast<std::size_t>(left)}, record_check::crc);
  if (!record)
    return {log_content::damaged, {}, context_of(record.error())};
  if (record->position != position)
    return {
      log_content::damaged, {}, "the record names another place of the log"};
  return {log_content::record, *record, {}};
}

void careful_reader::prepare(log_offset begin, log_offset end) {
  end = std::min(end, where_.end());
  if (where_.load(begin, end - begin))
    return; // look() says what of it
  begin_ = begin;
  end_ = end;
}

void careful_reader::walk_to(log_offset position) {
  if (position < walked_)
    return;
  constexpr std::int64_t step_min = 64 << 10;
  constexpr std::int64_t step_max = 1 << 20;
  step_ = std::clamp(2 * step_, step_min, step_max);
  walked_ = position + step_;
  prepare(position, walked_);
}

caf::expected<found_content> careful_reader::look(log_offset position) const {
  auto left = where_.end() - position;
  if (left < static_cast<std::int64_t>(blank_bytes))
    return look_at(where_, position);
  if (auto error = have(position, static_cast<std::int64_t>(blank_bytes)))
    return error;
  const auto* head = where_.data(position);
  auto magic = load<std::uint32_t>(head + record_at::magic);
  std::int64_t size = load<std::uint32_t>(head);
  if (magic == magic_v1 || magic == magic_v2)
    if (auto error = have(position, std::min(left, size)))
      return error;
  return look_at(where_, position); // of anything else the head suffices
}

caf::error careful_reader::have(log_offset position, std::int64_t bytes) const {
  if (position >= begin_ && position + bytes <= end_)
    return caf::none;
  return where_.load(position, bytes);
}

std::string why_damaged(const caf::expected<found_content>& found) {
  if (!found)
    return context_of(found.error());
  return found->why.empty() ? "zeros between records" : found->why;
}

std::string why_not(const found_content& found, std::string_view topic,
                    queue_id queue, queue_offset offset) {
  if (found.what == log_content::damaged)
    return found.why;
  if (found.what != log_content::record)
    return "no record begins there";
  if (found.record.topic != topic || found.record.queue != queue)
    return "the record is another queue's";
  if (found.record.offset != offset)
    return "the record has another offset in its queue";
  return {};
}

namespace {

/// Reads a piece of a file; zeros stand for pages that the disk does not give.
/// @returns why it does not give all
caf::error read_what_can_be(const file& from, std::int64_t at,
                            std::string& piece) {
  auto all = from.read_without_ahead(at, piece.data(), piece.size());
  if (all)
    return caf::none;
  constexpr std::int64_t page = 4096;
  auto end = at + static_cast<std::int64_t>(piece.size());
  for (auto begin = at; begin < end;) {
    auto next = std::min(end, begin - begin % page + page);
    auto* to = piece.data() + (begin - at);
    auto size = static_cast<std::size_t>(next - begin);
    if (!from.read_without_ahead(begin, to, size))
      std::memset(to, 0, size);
    begin = next;
  }
  return std::move(all.error());
}

} // namespace

written_bytes written_after(const segment& where, log_offset from) {
  const auto& file = *where.backing();
  auto begin = from - where.start();
  auto limit = std::min<std::int64_t>(
    where.end() - where.start(),
    begin + static_cast<std::int64_t>(limits::write_buffer_bytes_max));
  // All places first: reading ahead fills the page cache with zeros, and what
  // is in the cache counts as data.
  std::vector<std::pair<std::int64_t, std::int64_t>> written;
  for (auto at = file.next_data(begin); at >= 0 && at < limit;) {
    auto hole = std::min(file.next_hole(at), limit);
    if (hole <= at)
      break;
    written.emplace_back(at, hole);
    at = file.next_data(hole);
  }
  written_bytes result;
  auto& bytes = result.bytes;
  std::string chunk;
  constexpr std::int64_t chunk_bytes = 1 << 20;
  for (auto [at, hole] : written)
    for (; at < hole; at += chunk_bytes) {
      chunk.resize(static_cast<std::size_t>(std::min(chunk_bytes, hole - at)));
      if (auto error = read_what_can_be(file, at, chunk);
          error && !result.unread)
        result.unread = std::move(error);
      if (chunk.front() == '\0'
          && std::memcmp(chunk.data(), chunk.data() + 1, chunk.size() - 1) == 0)
        continue;
      bytes.resize(static_cast<std::size_t>(at - begin), '\0');
      bytes += chunk;
    }
  bytes.resize(bytes.find_last_not_of('\0') + 1);
  return result;
}

log_offset find_record_after(const segment& where, const segment* following,
                             log_offset bad) {
  auto bytes = written_after(where, bad).bytes;
  careful_reader reader{where};
  // Both magic numbers end alike but for their last byte.
  constexpr std::string_view prefix = "\xDA\xA3\x20";
  for (std::size_t at = record_at::magic + 1;; ++at) {
    at = bytes.find(prefix, at);
    if (at == bytes.npos)
      break;
    auto candidate = bad + static_cast<std::int64_t>(at - record_at::magic);
    auto found = reader.look(candidate);
    if (found && found->what == log_content::record)
      return candidate;
  }
  if (following == nullptr)
    return bad;
  auto first = careful_reader{*following}.look(following->start());
  return !first || first->what == log_content::record ? where.end() : bad;
}

namespace {

/// One pass over the segments.
class scanner {
public:
  scanner(const record_visitor& visit, const scan_progress& progress)
    : visit_(visit),
      progress_(progress) {}

  caf::error open(const std::string& directory, std::int64_t bytes) {
    auto names = list_directory(directory);
    if (!names)
      return std::move(names.error());
    for (const auto& name : *names) {
      auto start = start_of_name(name);
      if (start < 0)
        continue;
      if (!segments_.empty() && segments_.back()->end().value != start)
        found_.notes.push_back("a segment is missing before " + directory + "/"
                               + name);
      auto opened =
        segment::open(directory, {start}, bytes, open_mode::read_only);
      if (opened)
        segments_.push_back(std::move(*opened));
      else
        found_.notes.push_back(context_of(opened.error()));
    }
    found_.segments = static_cast<std::int64_t>(segments_.size());
    if (!segments_.empty())
      found_.min = found_.end = segments_.front()->start();
    return caf::none;
  }

  scanned_log run() {
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      const auto* next =
        i + 1 < segments_.size() ? segments_[i + 1].get() : nullptr;
      if (!scan(*segments_[i], next))
        break;
    }
    tell(found_.end, 0);
    return std::move(found_);
  }

private:
  /// @returns whether the log goes on in the next segment
  bool scan(const segment& here, const segment* following) {
    auto at = here.start();
    careful_reader reader{here};
    while (at < here.end()) {
      reader.walk_to(at);
      auto next = reader.look(at);
      if (next && next->what == log_content::blank)
        return true;
      if (next && next->what == log_content::record) {
        visit_(next->record);
        ++found_.records;
        found_.bytes += next->record.size;
        found_.body_only += carries_crc(next->record) ? 0 : 1;
        at += next->record.size;
        found_.end = at;
        tell(at, 16 << 20);
        continue;
      }
      auto resume = find_record_after(here, following, at);
      if (resume == at) {
        end_at(here, at);
        return false;
      }
      found_.damages.push_back(
        {here.backing()->path(), at, resume - at, why_damaged(next)});
      at = resume;
    }
    return true;
  }

  /// Nothing valid follows: a record that was never finished, or one that the
  /// disk does not give.
  void end_at(const segment& here, log_offset at) {
    auto rest = written_after(here, at);
    if (rest.unread)
      found_.damages.push_back(
        {here.backing()->path(), at, here.end() - at, context_of(rest.unread)});
    else
      found_.torn_bytes = static_cast<std::int64_t>(rest.bytes.size());
  }

  void tell(log_offset at, std::int64_t step) {
    if (!progress_ || at - told_ < step)
      return;
    told_ = at;
    progress_(at - found_.min,
              segments_.empty() ? 0 : segments_.back()->end() - found_.min);
  }

  const record_visitor& visit_;
  const scan_progress& progress_;
  std::vector<segment_ptr> segments_;
  scanned_log found_;
  log_offset told_;
};

} // namespace

caf::expected<scanned_log> scan_log(const std::string& data_directory,
                                    const record_visitor& visit,
                                    const scan_progress& progress) {
  auto directory = data_directory + "/commitlog";
  auto bytes = segment_bytes_in(directory);
  if (!bytes)
    return std::move(bytes.error());
  scanner scan{visit, progress};
  if (*bytes > 0)
    if (auto error = scan.open(directory, *bytes))
      return error;
  return scan.run();
}

} // namespace troupe::storage
