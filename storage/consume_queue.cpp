#include "storage/consume_queue.hpp"

#include "storage/big_endian.hpp"

#include "troupe/assert.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::storage {

namespace {

// Files are opened in ones; a reader that walks a long queue needs no more.
constexpr std::size_t open_files_max = 4;

// A file has a multiple of this size, or is whole: one that was cut off by a
// damaged file system, in blocks of 4096, hardly ever has.
constexpr std::int64_t step_bytes = 816 * consume_row_bytes;

bool is_whole(std::int64_t bytes, std::int64_t file_rows) {
  return bytes % step_bytes == 0 || bytes == file_rows * consume_row_bytes;
}

void encode_row(const consume_row& row, char* at) {
  at = store(at, row.position.value);
  at = store(at, row.size);
  store(at, row.tags_code);
}

} // namespace

consume_row decode_row(const char* at) {
  return {{load<std::int64_t>(at)},
          load<std::int32_t>(at + 8),
          load<std::int64_t>(at + 12)};
}

caf::expected<consume_queue> consume_queue::open(consume_queue_options options,
                                                 log_offset log_min,
                                                 log_offset log_end) {
  consume_queue result{std::move(options)};
  auto listed = list_directory(result.options_.directory);
  if (!listed)
    return std::move(listed.error());
  auto names = std::move(*listed);
  std::erase_if(names, [](const auto& x) { return start_of_name(x) < 0; });
  if (names.empty())
    return result;
  result.has_directory_ = true;
  auto file_bytes = result.options_.file_rows * consume_row_bytes;
  for (const auto& name : names)
    if (start_of_name(name) % file_bytes != 0)
      return make_error(errc::corrupt_file,
                        "consume queue file " + result.options_.directory + "/"
                          + name + " does not begin where one of "
                          + std::to_string(result.options_.file_rows)
                          + " rows would");
  result.first_index_ = start_of_name(names.front()) / file_bytes;
  auto last = start_of_name(names.back()) / file_bytes;
  if (last - result.first_index_ + 1 != static_cast<std::int64_t>(names.size()))
    return make_error(errc::corrupt_file,
                      "a file of the consume queue " + result.options_.directory
                        + " is missing; remove the others: the node derives "
                          "them from the log when it is started again");
  result.min_ = {result.first_index_ * result.options_.file_rows};
  result.first_in_memory_ = {last * result.options_.file_rows};
  auto end = result.find_end(log_end);
  if (!end)
    return std::move(end.error());
  result.first_in_memory_ = *end;
  result.min_ = std::min(result.min_, *end);
  if (auto error = result.trim(log_min))
    return error;
  return result;
}

caf::error consume_queue::check_whole(const consume_queue_options& options) {
  auto listed = list_directory(options.directory);
  if (!listed)
    return std::move(listed.error());
  auto names = std::move(*listed);
  std::erase_if(names, [](const auto& x) { return start_of_name(x) < 0; });
  if (names.empty())
    return caf::none;
  auto path = options.directory + "/" + names.back();
  auto last = file::open(path, open_mode::read_only);
  if (!last)
    return std::move(last.error());
  auto size = (*last)->size();
  if (!size)
    return std::move(size.error());
  if (*size == 0 || !is_whole(*size, options.file_rows))
    return make_error(errc::corrupt_file, path + " was cut off: it has "
                                            + std::to_string(*size) + " bytes");
  if (*size < options.file_rows * consume_row_bytes)
    return caf::none;
  std::array<char, consume_row_bytes> bytes{};
  auto got =
    (*last)->read(*size - consume_row_bytes, bytes.data(), bytes.size());
  if (!got)
    return std::move(got.error());
  if (decode_row(bytes.data()).size == 0)
    return caf::none; // of Apache RocketMQ: it makes files of full size
  return make_error(errc::corrupt_file,
                    "the file behind " + path + ", which is full, is missing");
}

/// The end of the rows that point below `log_end`. Positions grow with offsets,
/// and unused rows (zeros) come last, so this is a search, not a scan.
caf::expected<queue_offset> consume_queue::find_end(log_offset log_end) {
  // The last file may be one of zeros: look from two files before.
  auto last = file_index(first_in_memory_);
  auto low = std::max(first_index_, last - 2) * options_.file_rows;
  auto file = open_file(last, open_mode::read_only);
  if (!file)
    return std::move(file.error());
  auto size = (*file)->size();
  if (!size)
    return std::move(size.error());
  auto high = last * options_.file_rows + *size / consume_row_bytes;
  first_in_memory_ = {high}; // rows below may be read from files
  while (low < high) {
    auto middle = low + (high - low) / 2;
    auto row = row_at({middle});
    if (!row)
      return std::move(row.error());
    if (row->size != 0 && row->position < log_end)
      low = middle + 1;
    else
      high = middle;
  }
  return queue_offset{low};
}

caf::expected<consume_row> consume_queue::row_at(queue_offset offset) {
  std::vector<consume_row> rows;
  if (auto error = read_blocking(offset, 1, rows))
    return error;
  return rows.empty() ? consume_row{} : rows.front();
}

caf::error consume_queue::append(const consume_row& row) {
  memory_.push_back(row);
  if (memory_.size() < std::max(limits::rows_in_memory_max, retry_at_))
    return caf::none;
  if (auto error = write_rows()) {
    retry_at_ = memory_.size() + limits::rows_in_memory_max;
    backlog_.set(static_cast<std::int64_t>(memory_.size()));
    return error;
  }
  drop_written();
  return caf::none;
}

/// All rows in memory are in the file.
void consume_queue::drop_written() {
  first_in_memory_ += static_cast<std::int64_t>(memory_.size());
  memory_.clear();
  written_ = 0;
  if (std::exchange(retry_at_, 0) > 0) {
    memory_.shrink_to_fit();
    backlog_.set(0);
  }
}

caf::error consume_queue::put(queue_offset at, const consume_row& row) {
  if (at >= end()) {
    // No row before it is known: what was there went with its segments.
    if (memory_.empty() && end() == min_ && at > min_)
      if (auto error = begin_at(at))
        return error;
    while (end() < at)
      if (auto error = append({row.position, damaged_row_size, 0}))
        return error;
    return append(row);
  }
  if (at >= first_in_memory_) {
    auto index = static_cast<std::size_t>(at - first_in_memory_);
    memory_[index] = row;
    written_ = std::min(written_, index);
    return caf::none;
  }
  std::array<char, consume_row_bytes> bytes;
  encode_row(row, bytes.data());
  min_ = std::min(min_, at);
  return write_run(at, bytes.data(), 1);
}

/// The file before the first row says that it is unused, as RocketMQ has it.
caf::error consume_queue::begin_at(queue_offset at) {
  first_in_memory_ = {file_index(at) * options_.file_rows};
  min_ = first_in_memory_;
  while (end() < at)
    if (auto error = append({{0}, unused_start_size, 0}))
      return error;
  min_ = at;
  return caf::none;
}

caf::expected<consume_queue::read_state>
consume_queue::read(queue_offset first, std::size_t count,
                    std::vector<consume_row>& rows) {
  while (count > 0 && first < end()) {
    if (first >= first_in_memory_) {
      auto index = static_cast<std::size_t>(first - first_in_memory_);
      auto here = std::min(count, memory_.size() - index);
      rows.insert(rows.end(), memory_.begin() + static_cast<long>(index),
                  memory_.begin() + static_cast<long>(index + here));
      return read_state::done;
    }
    auto file = open_file(file_index(first), open_mode::read_only);
    if (!file)
      return std::move(file.error());
    std::array<char, 64 * consume_row_bytes> bytes;
    auto in_file = options_.file_rows - first.value % options_.file_rows;
    auto here = static_cast<std::size_t>(
      std::min({static_cast<std::int64_t>(count), in_file,
                first_in_memory_ - first, std::int64_t{64}}));
    auto got = (*file)->read_resident(place_of(first), bytes.data(),
                                      here * consume_row_bytes);
    if (got < static_cast<std::int64_t>(here) * consume_row_bytes)
      return read_state::would_block;
    for (std::size_t i = 0; i < here; ++i)
      rows.push_back(decode_row(bytes.data() + i * consume_row_bytes));
    first += static_cast<std::int64_t>(here);
    count -= here;
  }
  return read_state::done;
}

caf::error consume_queue::read_blocking(queue_offset first, std::size_t count,
                                        std::vector<consume_row>& rows) {
  while (count > 0 && first < end()) {
    if (first >= first_in_memory_) {
      auto state = read(first, count, rows);
      return state ? caf::error{} : std::move(state.error());
    }
    auto file = open_file(file_index(first), open_mode::read_only);
    if (!file)
      return std::move(file.error());
    std::array<char, 64 * consume_row_bytes> bytes{};
    auto in_file = options_.file_rows - first.value % options_.file_rows;
    auto here = static_cast<std::size_t>(
      std::min({static_cast<std::int64_t>(count), in_file,
                first_in_memory_ - first, std::int64_t{64}}));
    auto got =
      (*file)->read(place_of(first), bytes.data(), here * consume_row_bytes);
    if (!got)
      return std::move(got.error());
    for (std::size_t i = 0; i < here; ++i)
      rows.push_back(decode_row(bytes.data() + i * consume_row_bytes));
    first += static_cast<std::int64_t>(here);
    count -= here;
  }
  return caf::none;
}

caf::expected<file_ptr> consume_queue::file_of(queue_offset offset) {
  if (offset >= first_in_memory_)
    return file_ptr{};
  return open_file(file_index(offset), open_mode::read_only);
}

std::int64_t consume_queue::place_of(queue_offset offset) const {
  return offset.value % options_.file_rows * consume_row_bytes;
}

caf::expected<file_ptr> consume_queue::open_file(std::int64_t index,
                                                 open_mode mode) {
  if (auto found = files_.find(index); found != files_.end())
    return found->second;
  if (mode == open_mode::create && !has_directory_) {
    if (auto error = make_directories(options_.directory))
      return error;
    has_directory_ = true;
    first_index_ = index;
  }
  auto start = index * options_.file_rows * consume_row_bytes;
  // Read and write alike: a file that is read may be written to later.
  auto opened = file::open(options_.directory + "/" + start_name(start),
                           mode == open_mode::create ? mode : options_.mode);
  if (!opened || many_files_open())
    return opened;
  if (files_.size() >= open_files_max)
    files_.erase(files_.begin());
  files_.emplace(index, *opened);
  return opened;
}

caf::error consume_queue::write_rows() {
  // A file whose rows are all gone is not made again: it would have holes.
  auto kept = file_index(min_) * options_.file_rows - first_in_memory_.value;
  if (kept > static_cast<std::int64_t>(written_))
    written_ = std::min(memory_.size(), static_cast<std::size_t>(kept));
  while (written_ < memory_.size()) {
    auto first = first_in_memory_ + static_cast<std::int64_t>(written_);
    auto in_file = options_.file_rows - first.value % options_.file_rows;
    auto here = std::min<std::size_t>(memory_.size() - written_,
                                      static_cast<std::size_t>(in_file));
    std::array<char, limits::rows_in_memory_max * consume_row_bytes> bytes;
    here = std::min(here, limits::rows_in_memory_max);
    for (std::size_t i = 0; i < here; ++i)
      encode_row(memory_[written_ + i], bytes.data() + i * consume_row_bytes);
    if (auto error = write_run(first, bytes.data(), here))
      return error;
    written_ += here;
  }
  if (retry_at_ > 0)
    drop_written(); // far more than usual
  return caf::none;
}

caf::error consume_queue::write_run(queue_offset first, const char* bytes,
                                    std::size_t count) {
  auto file = open_file(file_index(first), open_mode::create);
  if (!file)
    return std::move(file.error());
  auto size = static_cast<std::int64_t>(count) * consume_row_bytes;
  if (auto error = grow(**file, file_index(first), place_of(first) + size))
    return error;
  if (place_of(first) + size == options_.file_rows * consume_row_bytes)
    if (auto error = make_next(file_index(first) + 1))
      return error;
  if (auto error =
        (*file)->write(place_of(first), {bytes, count * consume_row_bytes}))
    return error;
  unsynced_.add(*file);
  return caf::none;
}

caf::error consume_queue::grow(const file& target, std::int64_t index,
                               std::int64_t bytes) {
  if (index != grown_index_) {
    auto size = target.size();
    if (!size)
      return std::move(size.error());
    grown_index_ = index;
    grown_bytes_ = *size;
  }
  bytes = std::max(bytes, grown_bytes_);
  if (bytes == grown_bytes_ && is_whole(bytes, options_.file_rows))
    return caf::none;
  auto wanted = std::min((bytes + step_bytes - 1) / step_bytes * step_bytes,
                         options_.file_rows * consume_row_bytes);
  if (auto error = target.truncate(wanted))
    return error;
  grown_bytes_ = wanted;
  return caf::none;
}

/// A file that is full has one behind it, so that a missing last one is seen.
caf::error consume_queue::make_next(std::int64_t index) {
  auto next = open_file(index, open_mode::create);
  if (!next)
    return std::move(next.error());
  if (auto error = grow(**next, index, consume_row_bytes))
    return error;
  unsynced_.add(*next);
  return caf::none;
}

unsynced_files consume_queue::take_unsynced() {
  auto taken = std::exchange(unsynced_, {});
  if (many_files_open()) {
    files_.clear();
    taken = {{}, !taken.empty()};
  }
  return taken;
}

caf::expected<bool> consume_queue::is_gone(queue_offset offset,
                                           log_offset log_min) {
  auto row = row_at(offset);
  if (!row)
    return std::move(row.error());
  return row->position < log_min || row->size == 0
         || row->size == unused_start_size;
}

/// The first row in [low, high) that is not gone, by halves.
caf::expected<queue_offset> consume_queue::find_kept(queue_offset low,
                                                     queue_offset high,
                                                     log_offset log_min) {
  while (low < high) {
    queue_offset middle{low.value + (high - low) / 2};
    auto gone = is_gone(middle, log_min);
    if (!gone)
      return std::move(gone.error());
    if (*gone)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

caf::error consume_queue::trim(log_offset log_min) {
  auto kept = find_kept(min_, end(), log_min);
  // A damaged row may have led astray: the one before the last that is gone
  // must be gone as well.
  while (kept && *kept > min_ + 1) {
    auto gone = is_gone(*kept + -2, log_min);
    if (!gone)
      return std::move(gone.error());
    if (*gone)
      break;
    kept = find_kept(min_, *kept + -1, log_min);
  }
  if (!kept)
    return std::move(kept.error());
  min_ = *kept;
  if (options_.mode == open_mode::read_only)
    return caf::none;
  while (has_directory_ && first_index_ < first_kept_file()) {
    files_.erase(first_index_);
    auto start = first_index_ * options_.file_rows * consume_row_bytes;
    if (auto error = remove_file(options_.directory + "/" + start_name(start)))
      return error;
    ++first_index_;
  }
  return caf::none;
}

/// The file of the last row stays, so that offsets never begin again.
std::int64_t consume_queue::first_kept_file() const {
  return std::min(file_index(min_), file_index(end() + -1));
}

void consume_queue::follow_trim(queue_offset min) {
  min_ = std::max(min_, std::min(min, end()));
  if (!has_directory_)
    return;
  first_index_ = std::max(first_index_, first_kept_file());
  files_.erase(files_.begin(), files_.lower_bound(first_index_));
}

void consume_queue::release() {
  files_.clear();
  if (written_ == memory_.size()) {
    first_in_memory_ += static_cast<std::int64_t>(memory_.size());
    std::vector<consume_row>{}.swap(memory_);
    written_ = 0;
  }
}

} // namespace troupe::storage
