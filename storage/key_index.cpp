#include "storage/key_index.hpp"

#include "storage/big_endian.hpp"
#include "storage/crc32.hpp"

#include "troupe/log.hpp"
#include "troupe/model/properties.hpp"

#include <algorithm>
#include <array>

namespace troupe::storage {

namespace {

// A run is a header and blocks of 4096 bytes, each checked when it is read.
// Header, padded to a block: 8 magic, 8 begin, 8 end, 8 entries, 4 tier, 4 CRC
// of those before. Block: up to 170 entries (8 hash, 8 log offset, 8 store
// time) in ascending order, padding, 4 CRC of those before.
constexpr std::size_t block_bytes = 4096;
constexpr std::size_t entry_bytes = 24;
constexpr std::size_t block_entries = (block_bytes - 4) / entry_bytes;
constexpr std::uint64_t run_magic = 0x74726F7570650103;
constexpr std::string_view run_suffix = ".run";

using block = std::array<char, block_bytes>;

constexpr std::uint64_t blocks_for(std::uint64_t entries) {
  return (entries + block_entries - 1) / block_entries;
}

void seal(char* at) {
  store(at + block_bytes - 4, crc32({at, block_bytes - 4}));
}

bool is_sealed(const char* at) {
  return load<std::uint32_t>(at + block_bytes - 4)
         == crc32({at, block_bytes - 4});
}

index_entry entry_in(const char* first, std::size_t index) {
  const auto* at = first + index * entry_bytes;
  return {load<std::uint64_t>(at),
          {load<std::int64_t>(at + 8)},
          {load<std::int64_t>(at + 16)}};
}

/// Reads block `index` of a run's entries.
/// @errors log_read_failed, corrupt_file
caf::error read_block(const file& source, std::uint64_t index, block& into) {
  auto got = source.read(static_cast<std::int64_t>((index + 1) * block_bytes),
                         into.data(), into.size());
  if (!got)
    return std::move(got.error());
  if (*got != into.size() || !is_sealed(into.data()))
    return make_error(errc::corrupt_file,
                      "block " + std::to_string(index) + " of " + source.path()
                        + " is damaged; remove the file and start the node "
                          "again: it is derived from the log");
  return caf::none;
}

/// Walks the entries of a run, one block in memory.
class run_reader {
public:
  run_reader(const file& source, std::uint64_t entries)
    : source_(&source),
      entries_(entries) {}

  bool is_done() const { return done_; }

  const index_entry& entry() const { return entry_; }

  /// Goes to the first, then to the next entry.
  caf::error next() {
    if (place_ == entries_) {
      done_ = true;
      return caf::none;
    }
    if (place_ % block_entries == 0)
      if (auto error = read_block(*source_, place_ / block_entries, block_))
        return error;
    entry_ = entry_in(block_.data(), place_ % block_entries);
    ++place_;
    return caf::none;
  }

private:
  const file* source_;
  std::uint64_t entries_;
  std::uint64_t place_ = 0;
  bool done_ = false;
  index_entry entry_;
  block block_{};
};

/// Writes a run from entries in order. It has its name when it is whole.
class run_writer {
public:
  run_writer(std::string directory, log_offset begin, log_offset end, int tier)
    : directory_(std::move(directory)),
      begin_(begin),
      end_(end),
      tier_(tier) {
    // The name sorts by begin, and a merged run before those it replaces.
    name_ = start_name(begin.value) + "-"
            + std::to_string(9 - std::min(tier, 9)) + std::string{run_suffix};
  }

  caf::error open() {
    auto path = directory_ + "/" + name_ + ".new";
    if (auto error = remove_file(path)) // what a crash left
      return error;
    auto made = file::open(path, open_mode::create);
    if (!made)
      return std::move(made.error());
    target_ = std::move(*made);
    return caf::none;
  }

  caf::error add(const index_entry& x) {
    auto* at = block_.data() + entries_ % block_entries * entry_bytes;
    at = store(at, x.hash);
    at = store(at, x.position.value);
    store(at, x.store_time.value);
    ++entries_;
    return entries_ % block_entries == 0 ? write_block() : caf::error{};
  }

  /// @returns the run's name
  caf::expected<std::string> finish() {
    if (entries_ % block_entries != 0)
      if (auto error = write_block())
        return error;
    auto* at = store(block_.data(), run_magic);
    at = store(at, begin_.value);
    at = store(at, end_.value);
    at = store(at, entries_);
    store(at, static_cast<std::int32_t>(tier_));
    seal(block_.data());
    if (auto error = target_->write(0, {block_.data(), block_.size()}))
      return error;
    if (auto error = target_->sync())
      return error;
    auto path = directory_ + "/" + name_;
    if (std::rename((path + ".new").c_str(), path.c_str()) != 0)
      return make_error(errc::io_failed, "cannot rename " + path + ".new");
    if (auto error = sync_directory(directory_))
      return error;
    return name_;
  }

private:
  caf::error write_block() {
    seal(block_.data());
    auto index = blocks_for(entries_); // the header comes before the first
    auto error = target_->write(static_cast<std::int64_t>(index * block_bytes),
                                {block_.data(), block_.size()});
    block_.fill('\0');
    return error;
  }

  std::string directory_;
  std::string name_;
  log_offset begin_;
  log_offset end_;
  int tier_;
  file_ptr target_;
  std::uint64_t entries_ = 0;
  block block_{};
};

} // namespace

std::uint64_t index_hash(std::string_view topic, std::string_view key) {
  // FNV-1a over `topic#key`, then mixed, because keys often differ only in
  // their last digits.
  std::uint64_t hash = 0xCBF29CE484222325;
  auto add = [&hash](std::string_view text) {
    for (char c : text)
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  };
  add(topic);
  add("#");
  add(key);
  hash ^= hash >> 33;
  hash *= 0xFF51AFD7ED558CCD;
  return hash ^ hash >> 33;
}

caf::expected<std::unique_ptr<key_index>>
key_index::open(const std::string& directory) {
  if (auto error = make_directories(directory))
    return error;
  std::unique_ptr<key_index> result{new key_index{directory}};
  auto names = list_directory(directory);
  if (!names)
    return std::move(names.error());
  for (const auto& name : *names) {
    if (!name.ends_with(run_suffix))
      continue; // an Apache index file or a left-over: not ours
    auto opened = result->open_run(name);
    if (!opened
        || (!result->runs_.empty()
            && opened->begin != result->runs_.back().end)) {
      // A run that overlaps its merged successor, or one that is damaged:
      // what follows is derived again.
      if (opened && opened->begin < result->runs_.back().end) {
        if (auto error = remove_file(directory + "/" + name))
          return error;
        continue;
      }
      log::error("key_index", "a damaged run is put aside")
        .with("file", name)
        .with("why",
              opened ? "a run before it is missing" : describe(opened.error()));
      auto path = directory + "/" + name;
      if (std::rename(path.c_str(), (path + ".damaged").c_str()) != 0)
        return make_error(errc::io_failed, "cannot rename " + path);
      continue;
    }
    result->runs_.push_back(std::move(*opened));
  }
  if (!result->runs_.empty())
    result->covered_ = result->runs_.back().end;
  result->recent_end_ = result->covered_;
  return result;
}

caf::expected<key_index::run>
key_index::open_run(const std::string& name) const {
  auto source = file::open(directory_ + "/" + name, open_mode::read_only);
  if (!source)
    return std::move(source.error());
  block header{};
  auto got = (*source)->read(0, header.data(), header.size());
  if (!got)
    return std::move(got.error());
  if (*got != header.size() || load<std::uint64_t>(header.data()) != run_magic
      || !is_sealed(header.data()))
    return make_error(errc::corrupt_file, "the header is damaged");
  run result;
  result.source = std::move(*source);
  result.begin = {load<std::int64_t>(header.data() + 8)};
  result.end = {load<std::int64_t>(header.data() + 16)};
  result.entries = load<std::uint64_t>(header.data() + 24);
  result.tier = load<std::int32_t>(header.data() + 32);
  auto size = result.source->size();
  if (!size)
    return std::move(size.error());
  if (static_cast<std::uint64_t>(*size)
      != (1 + blocks_for(result.entries)) * block_bytes)
    return make_error(errc::corrupt_file, "the size is wrong");
  return result;
}

caf::expected<std::uint64_t> check_run(const std::string& directory,
                                       const std::string& name) {
  auto opened = key_index{directory}.open_run(name);
  if (!opened)
    return std::move(opened.error());
  run_reader entries{*opened->source, opened->entries};
  index_entry before;
  for (std::uint64_t i = 0; i < opened->entries; ++i) {
    if (auto error = entries.next())
      return error;
    if (entries.entry() < before)
      return make_error(errc::corrupt_file, "its entries are out of order");
    before = entries.entry();
  }
  return opened->entries;
}

void key_index::add(std::vector<index_entry> entries, log_offset end) {
  if (end <= recent_end_)
    return;
  recent_end_ = end;
  recent_.insert(recent_.end(), entries.begin(), entries.end());
}

void key_index::add_record(const record_view& record) {
  if (record.position < recent_end_)
    return;
  std::vector<index_entry> entries;
  auto add_key = [&](std::string_view key) {
    entries.push_back(
      {index_hash(record.topic, key), record.position, record.store_time});
  };
  auto unique = properties::find(record.properties, properties::unique_key);
  if (!unique.empty())
    add_key(unique);
  properties::for_each_key(
    properties::find(record.properties, properties::keys), add_key);
  add(std::move(entries), record.position + record.size);
}

caf::error key_index::flush() {
  if (recent_end_ == covered_)
    return caf::none;
  if (auto error = write_recent()) {
    // Not with every entry that comes.
    flush_at_ = recent_.size() + limits::index_entries_in_memory_max;
    if (recent_.size() > limits::index_entries_in_memory_max)
      backlog_.set(static_cast<std::int64_t>(recent_.size()));
    return error;
  }
  flush_at_ = limits::index_entries_in_memory_max;
  backlog_.set(0);
  // That there are many runs is no reason not to have this one.
  if (auto error = merge())
    log::error("key_index", "runs cannot be merged")
      .with("why", describe(error));
  return caf::none;
}

caf::error key_index::write_recent() {
  std::ranges::sort(recent_);
  run_writer out{directory_, covered_, recent_end_, 0};
  if (auto error = out.open())
    return error;
  for (const auto& x : recent_)
    if (auto error = out.add(x))
      return error;
  auto name = out.finish();
  if (!name)
    return std::move(name.error());
  if (auto error = take_run(*name))
    return error;
  recent_.clear();
  covered_ = recent_end_;
  return caf::none;
}

caf::error key_index::take_run(const std::string& name) {
  auto opened = open_run(name);
  if (!opened)
    return std::move(opened.error());
  runs_.push_back(std::move(*opened));
  return caf::none;
}

/// Joins the newest runs of one tier when there are enough of them.
caf::error key_index::merge() {
  for (;;) {
    auto tier = runs_.back().tier;
    std::size_t same = 0;
    auto joins = [tier](const run& x) { return x.tier == tier && !x.broken; };
    while (same < runs_.size() && joins(runs_[runs_.size() - 1 - same]))
      ++same;
    if (same < limits::index_merge_fan_in || tier >= 4)
      return caf::none;
    if (auto error = merge_last(same))
      return error;
  }
}

caf::error key_index::merge_last(std::size_t count) {
  auto first = runs_.size() - count;
  std::vector<run> sources{runs_.begin() + static_cast<long>(first),
                           runs_.end()};
  run_writer out{directory_, sources.front().begin, sources.back().end,
                 sources.front().tier + 1};
  if (auto error = out.open())
    return error;
  std::vector<run_reader> readers;
  for (const auto& x : sources)
    readers.emplace_back(*x.source, x.entries);
  // One that cannot be read stays as it is, and those behind it are merged
  // without it.
  auto advance = [&](std::size_t i) {
    auto error = readers[i].next();
    if (error)
      runs_[first + i].broken = true;
    return error;
  };
  for (std::size_t i = 0; i < count; ++i)
    if (auto error = advance(i))
      return error;
  for (;;) {
    auto least = std::ranges::min_element(readers, {}, [](const auto& x) {
      return std::pair{x.is_done(), x.entry()};
    });
    if (least->is_done())
      break;
    if (auto error = out.add(least->entry()))
      return error;
    if (auto error = advance(static_cast<std::size_t>(least - readers.begin())))
      return error;
  }
  auto name = out.finish();
  if (!name)
    return std::move(name.error());
  runs_.resize(first);
  if (auto error = take_run(*name)) {
    runs_.insert(runs_.end(), sources.begin(), sources.end());
    return error;
  }
  for (const auto& x : sources)
    if (auto error = remove_file(x.source->path()))
      return error;
  return caf::none;
}

caf::error key_index::find_in_run(const run& source, std::uint64_t hash,
                                  std::vector<index_entry>& found) const {
  // The first block that does not lie wholly before the hash.
  auto blocks = blocks_for(source.entries);
  auto last_of = [&](std::uint64_t index) {
    return std::min<std::uint64_t>(block_entries,
                                   source.entries - index * block_entries)
           - 1;
  };
  block bytes;
  std::uint64_t low = 0;
  auto high = blocks;
  while (low < high) {
    auto middle = low + (high - low) / 2;
    if (auto error = read_block(*source.source, middle, bytes))
      return error;
    if (entry_in(bytes.data(), last_of(middle)).hash < hash)
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < blocks; ++low) {
    if (auto error = read_block(*source.source, low, bytes))
      return error;
    for (std::size_t i = 0; i <= last_of(low); ++i) {
      auto entry = entry_in(bytes.data(), i);
      if (entry.hash > hash)
        return caf::none;
      if (entry.hash == hash)
        found.push_back(entry);
    }
  }
  return caf::none;
}

caf::expected<std::vector<log_offset>>
key_index::find(std::uint64_t hash, epoch_ms begin, epoch_ms end,
                std::size_t count_max) const {
  std::vector<log_offset> found;
  auto take = [&](const index_entry& x) {
    if (x.hash == hash && x.store_time >= begin && x.store_time <= end
        && found.size() < count_max)
      found.push_back(x.position);
  };
  for (auto i = recent_.rbegin(); i != recent_.rend(); ++i)
    take(*i);
  for (auto i = runs_.rbegin(); i != runs_.rend(); ++i) {
    if (found.size() >= count_max)
      break;
    std::vector<index_entry> here; // ascending by position
    if (auto error = find_in_run(*i, hash, here))
      return error;
    std::for_each(here.rbegin(), here.rend(), take);
  }
  return found;
}

caf::error key_index::trim(log_offset log_min) {
  while (runs_.size() > 1 && runs_.front().end <= log_min) {
    if (auto error = remove_file(runs_.front().source->path()))
      return error;
    runs_.erase(runs_.begin());
  }
  return caf::none;
}

} // namespace troupe::storage
