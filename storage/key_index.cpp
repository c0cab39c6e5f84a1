#include "storage/key_index.hpp"

#include "storage/big_endian.hpp"
#include "storage/crc32.hpp"

#include "troupe/log.hpp"
#include "troupe/model/properties.hpp"

#include <algorithm>
#include <array>

namespace troupe::storage {

namespace {

// Header: 8 magic, 8 begin, 8 end, 8 entries, 4 tier, 4 CRC of the entries,
// 4 CRC of the header before. Entries: 8 hash, 8 log offset, 8 store time.
constexpr std::size_t header_bytes = 44;
constexpr std::size_t entry_bytes = 24;
constexpr std::uint64_t run_magic = 0x74726F7570650102;
constexpr std::string_view run_suffix = ".run";

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
  for (const auto& name : list_directory(directory)) {
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
  std::array<char, header_bytes> header{};
  auto got = (*source)->read(0, header.data(), header.size());
  if (!got)
    return std::move(got.error());
  if (*got != header.size() || load<std::uint64_t>(header.data()) != run_magic
      || load<std::uint32_t>(header.data() + 40)
           != crc32({header.data(), header_bytes - 4}))
    return make_error(errc::corrupt_file, "the header is damaged");
  run result;
  result.source = std::move(*source);
  result.begin = {load<std::int64_t>(header.data() + 8)};
  result.end = {load<std::int64_t>(header.data() + 16)};
  result.entries = load<std::uint64_t>(header.data() + 24);
  result.tier = load<std::int32_t>(header.data() + 32);
  return result;
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
    if (!key.empty())
      entries.push_back(
        {index_hash(record.topic, key), record.position, record.store_time});
  };
  add_key(properties::find(record.properties, properties::unique_key));
  auto keys = properties::find(record.properties, properties::keys);
  while (!keys.empty()) {
    auto blank = keys.find(' ');
    add_key(keys.substr(0, blank));
    keys = blank == keys.npos ? std::string_view{} : keys.substr(blank + 1);
  }
  add(std::move(entries), record.position + record.size);
}

caf::error key_index::flush() {
  if (recent_end_ == covered_)
    return caf::none;
  if (auto error = write_run(recent_, covered_, recent_end_, 0))
    return error;
  recent_.clear();
  covered_ = recent_end_;
  return merge();
}

caf::error key_index::write_run(std::vector<index_entry> entries,
                                log_offset begin, log_offset end, int tier) {
  std::ranges::sort(entries);
  std::string bytes(header_bytes + entries.size() * entry_bytes, '\0');
  auto* at = bytes.data() + header_bytes;
  for (const auto& x : entries) {
    at = store(at, x.hash);
    at = store(at, x.position.value);
    at = store(at, x.store_time.value);
  }
  at = store(bytes.data(), run_magic);
  at = store(at, begin.value);
  at = store(at, end.value);
  at = store(at, static_cast<std::uint64_t>(entries.size()));
  at = store(at, static_cast<std::int32_t>(tier));
  at = store(at, crc32(std::string_view{bytes}.substr(header_bytes)));
  store(at, crc32({bytes.data(), header_bytes - 4}));
  // The name sorts by begin, and a merged run before those it replaces.
  auto name = start_name(begin.value) + "-"
              + std::to_string(9 - std::min(tier, 9)) + std::string{run_suffix};
  if (auto error = replace_file(directory_ + "/" + name, bytes))
    return error;
  auto opened = open_run(name);
  if (!opened)
    return std::move(opened.error());
  runs_.push_back(std::move(*opened));
  return caf::none;
}

caf::expected<std::vector<index_entry>>
key_index::read_run(const run& source) const {
  std::string bytes(source.entries * entry_bytes, '\0');
  auto got = source.source->read(header_bytes, bytes.data(), bytes.size());
  if (!got)
    return std::move(got.error());
  std::array<char, 4> crc{};
  if (auto read = source.source->read(36, crc.data(), crc.size()); !read)
    return std::move(read.error());
  if (*got != bytes.size() || load<std::uint32_t>(crc.data()) != crc32(bytes))
    return make_error(errc::corrupt_file,
                      source.source->path() + " is damaged");
  std::vector<index_entry> entries(source.entries);
  const auto* at = bytes.data();
  for (auto& x : entries) {
    x = {load<std::uint64_t>(at),
         {load<std::int64_t>(at + 8)},
         {load<std::int64_t>(at + 16)}};
    at += entry_bytes;
  }
  return entries;
}

/// Joins the newest runs of one tier when there are enough of them.
caf::error key_index::merge() {
  for (;;) {
    auto tier = runs_.back().tier;
    std::size_t same = 0;
    while (same < runs_.size() && runs_[runs_.size() - 1 - same].tier == tier)
      ++same;
    if (same < limits::index_merge_fan_in || tier >= 4)
      return caf::none;
    std::vector<run> sources{runs_.end() - static_cast<long>(same),
                             runs_.end()};
    std::vector<index_entry> all;
    for (const auto& x : sources) {
      auto entries = read_run(x);
      if (!entries)
        return std::move(entries.error());
      all.insert(all.end(), entries->begin(), entries->end());
    }
    runs_.resize(runs_.size() - same);
    if (auto error = write_run(std::move(all), sources.front().begin,
                               sources.back().end, tier + 1)) {
      runs_.insert(runs_.end(), sources.begin(), sources.end());
      return error;
    }
    for (const auto& x : sources)
      if (auto error = remove_file(x.source->path()))
        return error;
  }
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
    auto entry_at = [&](std::uint64_t index) -> caf::expected<index_entry> {
      std::array<char, entry_bytes> bytes{};
      auto place = header_bytes + index * entry_bytes;
      auto got = i->source->read(static_cast<std::int64_t>(place), bytes.data(),
                                 bytes.size());
      if (!got)
        return std::move(got.error());
      return index_entry{load<std::uint64_t>(bytes.data()),
                         {load<std::int64_t>(bytes.data() + 8)},
                         {load<std::int64_t>(bytes.data() + 16)}};
    };
    std::uint64_t low = 0;
    std::uint64_t high = i->entries;
    while (low < high) {
      auto middle = low + (high - low) / 2;
      auto entry = entry_at(middle);
      if (!entry)
        return std::move(entry.error());
      if (entry->hash < hash)
        low = middle + 1;
      else
        high = middle;
    }
    std::vector<index_entry> here; // ascending by position
    for (; low < i->entries; ++low) {
      auto entry = entry_at(low);
      if (!entry)
        return std::move(entry.error());
      if (entry->hash != hash)
        break;
      here.push_back(*entry);
    }
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
